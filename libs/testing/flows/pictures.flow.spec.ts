import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { closeGrpc } from '@app/transport';
import { eventually } from '../src/eventually.ts';
import { type Answer, type Customer, Customers } from './customers.ts';
import { runningPlatform, type RunningPlatform } from './running-platform.ts';

let platform: RunningPlatform;
let customers: Customers;

beforeAll(async () => {
  platform = await runningPlatform('pictures', {
    gateway: {
      ...{ CALL_DEADLINE_MS: '12000', HOLD_EXPIRY_MS: '3000', LEASE_RENEWAL_MS: '500' },
      ...{ UPSTREAM_HEADERS_TIMEOUT_MS: '5000', CALLS_AT_ONCE_MAX: '3' },
    },
    ledger: { HOLD_EXPIRY_SECONDS: '3', SWEEP_SECONDS: '1' },
  });
  customers = new Customers(platform);
  const { key } = await customers.aCustomer({ paid: '0' });
  await customers.publish({ model: 'midjourney', rates: {}, unitPrices: { image: '0.2' } }, key);
}, 180_000);
afterAll(async () => {
  closeGrpc(customers.ledger);
  await platform.stop();
}, 60_000);

const order = ({ key }: Customer, prompt: string): Promise<Answer> =>
  customers.ask('/v1/images/tasks', key, { model: 'midjourney', prompt });

const ended = ({ key }: Customer, { body }: Answer): Promise<Answer> =>
  eventually(
    () => customers.ask(`/v1/images/tasks/${String(body['id'])}`, key),
    (answer) => answer.body['status'] !== 'in_progress',
  );

const balance = ({ customerId }: Customer, isSo: (of: { paid: string; held: string }) => boolean) =>
  eventually(() => customers.ledger.GetBalance({ customerId, asOf: '' }), isSo);

const line = async ({ key }: Customer): Promise<Record<string, unknown> | undefined> => {
  const { body } = await eventually(
    () => customers.ask('/v1/usage/calls', key),
    (answer) => (answer.body['data'] as unknown[]).length === 1,
  );
  return (body['data'] as Record<string, unknown>[])[0];
};

describe('a picture that is ordered', () => {
  it('is held for while it is made, and charged ¥0.2 when it is there', async () => {
    const customer = await customers.aCustomer({ paid: '1' });
    const ordered = await order(customer, 'A lantern, seconds=3');
    expect(ordered).toMatchObject({ status: 202, body: { status: 'in_progress', usage: { cost: null } } });
    await balance(customer, ({ paid, held }) => paid === '1' && held === '0.2');
    const there = await ended(customer, ordered);
    expect(there.body).toMatchObject({ status: 'succeeded', failure: null, usage: { cost: '0.2' } });
    expect(JSON.stringify(there.body['data'])).toMatch(/^\[\{"url":"https:[^"]*png"\}\]$/);
    await balance(customer, ({ paid, held }) => paid === '0.8' && held === '0');
    expect(await line(customer)).toMatchObject({ outcome: 'charged', amount: { value: '0.2' } });
  });

  it('costs nothing where its provider fails', async () => {
    const customer = await customers.aCustomer({ paid: '1' });
    const there = await ended(customer, await order(customer, 'A broken lantern'));
    expect(there.body).toMatchObject({ status: 'failed', failure: 'upstream_failed', usage: { cost: '0' } });
    await balance(customer, ({ paid, held }) => paid === '1' && held === '0');
    expect(await line(customer)).toMatchObject({ outcome: 'uncharged', amount: { value: '0' } });
  });

  it.each([
    ['a banned lantern', 400, 'moderation_blocked'],
    ['a full queue', 503, null],
  ])('is refused by its provider for nothing: %s', async (prompt, status, code) => {
    const customer = await customers.aCustomer({ paid: '1' });
    const refused = await order(customer, prompt);
    expect(refused.status).toBe(status);
    if (code !== null) expect(refused.body).toMatchObject({ error: { code } });
    await balance(customer, ({ paid, held }) => paid === '1' && held === '0');
  });

  it('costs nothing where its provider never answers the order', async () => {
    const customer = await customers.aCustomer({ paid: '1' });
    expect((await order(customer, 'A mute lantern')).status).toBe(504);
    await balance(customer, ({ paid, held }) => paid === '1' && held === '0');
    expect(await line(customer)).toMatchObject({ outcome: 'uncharged', reason: 'upstream_timeout' });
  });

  it('costs nothing where it is not there in time', async () => {
    const customer = await customers.aCustomer({ paid: '1' });
    const there = await ended(customer, await order(customer, 'A silent lantern'));
    expect(there.body).toMatchObject({ status: 'failed', failure: 'upstream_timeout', usage: { cost: '0' } });
    await balance(customer, ({ paid, held }) => paid === '1' && held === '0');
    expect(await line(customer)).toMatchObject({ outcome: 'uncharged', amount: { value: '0' } });
  }, 40_000);

  it('counts as a call of its process until it is there, so that no process holds more than it can free in time', async () => {
    const customer = await customers.aCustomer({ paid: '2' });
    const orders = await Promise.all(
      Array.from({ length: 4 }, () => order(customer, 'A lantern, seconds=2')),
    );
    expect(orders.map(({ status }) => status).sort()).toEqual([202, 202, 202, 503]);
    for (const taken of orders.filter(({ status }) => status === 202)) await ended(customer, taken);
    await balance(customer, ({ paid, held }) => paid === '1.4' && held === '0');
  });

  it('counts as a call under way until it is there', async () => {
    const customer = await customers.aCustomer({ paid: '1' });
    const limited = await customers.ask('/v1/keys', customer.key, { policy: { concurrentCalls: 1 } });
    const one = { ...customer, key: String(limited.body['key']) };
    const first = await order(one, 'A lantern, seconds=2');
    expect(first.status).toBe(202);
    expect((await order(one, 'Another')).status).toBe(429);
    await ended(one, first);
    const again = await eventually(
      () => order(one, 'Another'),
      ({ status }) => status === 202,
    );
    await ended(one, again);
    await balance(customer, ({ paid, held }) => paid === '0.6' && held === '0');
  });

  it.each([
    ['before its provider answers', 'A mute lantern'],
    ['while it is made', 'A silent lantern'],
  ])(
    'costs nothing where its gateway is killed %s, and freezes nothing for long',
    async (_when, prompt) => {
      const customer = await customers.aCustomer({ paid: '1' });
      const ordered = order(customer, prompt).then(
        ({ status }) => status,
        () => 'cut off',
      );
      await balance(customer, ({ held }) => held === '0.2');
      if (prompt.includes('silent')) expect(await ordered).toBe(202);
      await platform.kill('gateway');
      if (prompt.includes('mute')) expect(await ordered).toBe('cut off');
      await balance(customer, ({ paid, held }) => paid === '1' && held === '0');
      expect(await line(customer)).toMatchObject({ outcome: 'uncharged', amount: { value: '0' } });
    },
    90_000,
  );
});
