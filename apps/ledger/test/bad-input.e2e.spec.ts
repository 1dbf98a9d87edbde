import { type Event, topics } from '@app/contracts';
import { newId } from '@app/persistence';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aCharge } from './events.ts';
import { ledgerService, type ServiceForSpecs } from './service-for-specs.ts';

type Person = ReturnType<ServiceForSpecs['someone']>;

let ledger: ServiceForSpecs;
let caller: Person;
const cny = (amount: string) => ({ amount, currency: 'CNY' });

beforeAll(async () => {
  ledger = await ledgerService(
    'ledger-bad-input',
    20_000 + ((process.pid + 17_000) % 20_000),
    (environment) => Object.assign(process.env, environment),
  );
  caller = ledger.someone('caller', 'holds:write ledger:read ledger:post');
}, 60_000);

afterAll(() => ledger.close(), 30_000);

/** A hold, asked for over both doors; what is refused is told alike. */
async function placed(customerId: string, amount: { amount: unknown; currency: string }) {
  const body = { holdId: newId('hold'), customerId, amount };
  const none = { callId: '', keyId: '', expiresAt: '', leaseId: '', limits: [] };
  const rest = await caller.post('/v1/holds', body, null);
  const grpc = await caller.api
    .PlaceHold({ ...body, ...none, amount: amount as ReturnType<typeof cny> })
    .then(({ refusal }) => refusal?.code ?? 'placed')
    .catch((error: unknown) => (error as { code: string }).code);
  return { status: rest.status, body: rest.body, grpc };
}

const settle = (customerId: string, holdId: string, chargeId: string, charge: string) =>
  caller.post(`/v1/holds/${holdId}/settle`, { customerId, chargeId, charge: cny(charge) }, null);
const hold = async (customerId: string, amount: string, expiresAt?: string): Promise<string> => {
  const holdId = newId('hold');
  const body = { holdId, customerId, amount: cny(amount), ...(expiresAt === undefined ? {} : { expiresAt }) };
  expect(await caller.post('/v1/holds', body, null)).toMatchObject({ status: 201 });
  return holdId;
};
const entriesOf = async (bookId: string): Promise<number> => {
  const rows = await ledger.database.query('SELECT 1 FROM entry WHERE book_id = $1', [bookId]);
  return rows.length;
};
const charged = (event: ReturnType<typeof aCharge>, change: object): Event => ({
  ...event,
  data: { ...event.data, ...change },
});

describe('bad input to a door', () => {
  it.each<[string, { amount: unknown; currency: string }, number, string, string]>([
    ['another currency', { amount: '1', currency: 'USD' }, 422, 'currency-mismatch', 'currency'],
    ['a currency that is none', { amount: '1', currency: 'yuan' }, 400, 'invalid-request', 'amount.currency'],
    ['a negative amount', cny('-1'), 400, 'invalid-request', 'amount.amount'],
    ['19 decimals', cny('0.1234567890123456789'), 400, 'invalid-request', 'amount.amount'],
    ['21 integer digits', cny('1'.repeat(21)), 400, 'invalid-request', 'amount.amount'],
    ['10,000 digits', cny('9'.repeat(10_000)), 400, 'invalid-request', 'amount.amount'],
    ['an exponent', cny('1e3'), 400, 'invalid-request', 'amount.amount'],
    ['a trailing zero', cny('1.50'), 400, 'invalid-request', 'amount.amount'],
    ['more than there is', cny('10.000000000000000001'), 402, 'insufficient-funds', 'amount'],
  ])('is told the field, the reason and the remedy: %s', async (_case, amount, status, code, field) => {
    const { customerId } = await ledger.wallet('10');
    const answer = await placed(customerId, amount);
    expect(answer).toMatchObject({ status, grpc: code });
    expect(answer.body).toMatchObject({ code, field, status });
    expect(String(answer.body['remedy'])).toMatch(/\w{3,}.*\./);
    expect(String(answer.body['detail'])).toMatch(/\w{3,}/);
    expect(await entriesOf(customerId)).toBe(2);
  });

  it('is told that an amount is text, not a number', async () => {
    const { customerId } = await ledger.wallet('10');
    const body = { holdId: newId('hold'), customerId, amount: { amount: 1, currency: 'CNY' } };
    expect(await caller.post('/v1/holds', body, null)).toMatchObject({
      status: 400,
      body: { field: 'amount.amount' },
    });
  });

  it('is told that there is no such account: by every question and command', async () => {
    const nobody = newId('cus');
    expect(await placed(nobody, cny('1'))).toMatchObject({ status: 404, grpc: 'unknown-account' });
    expect(await settle(nobody, newId('hold'), newId('call'), '1')).toMatchObject({
      status: 404,
      body: { code: 'unknown-account', field: 'customerId' },
    });
    for (const path of ['balance', 'statement?from=2026-01-01T00:00:00Z'])
      expect(await caller.get(`/v1/customers/${nobody}/${path}`)).toMatchObject({ status: 404 });
    expect(await entriesOf(nobody)).toBe(0);
  });

  it('is told that there is no such hold', async () => {
    const { customerId } = await ledger.wallet('10');
    const body = { customerId, extensionId: '1', by: cny('1') };
    expect(await caller.post(`/v1/holds/${newId('hold')}/extend`, body, null)).toMatchObject({
      status: 404,
      body: { code: 'unknown-hold', field: 'holdId' },
    });
    expect(await caller.post(`/v1/holds/${newId('hold')}/release`, { customerId }, null)).toMatchObject({
      status: 404,
      body: { code: 'unknown-hold', field: 'holdId' },
    });
  });

  it('settles once: the same call is answered alike, another one is refused', async () => {
    const { customerId } = await ledger.wallet('10');
    const holdId = await hold(customerId, '2');
    const chargeId = newId('call');
    const first = await settle(customerId, holdId, chargeId, '1.5');
    expect(first).toMatchObject({ status: 200, body: { kind: 'settle', collected: '1.5' } });
    expect(await settle(customerId, holdId, chargeId, '1.5')).toMatchObject({
      status: 200,
      body: first.body,
    });
    expect(await settle(customerId, holdId, chargeId, '1.6')).toMatchObject({
      status: 409,
      body: { code: 'conflict', field: 'chargeId' },
    });
    expect(await settle(customerId, holdId, newId('call'), '1')).toMatchObject({
      status: 409,
      body: { code: 'hold-settled', field: 'holdId' },
    });
    expect(await caller.api.GetBalance({ customerId, asOf: '' })).toMatchObject({ paid: '8.5', held: '0' });
  });

  it('charges a call whose hold has expired, without it', async () => {
    const { customerId } = await ledger.wallet('10');
    const holdId = await hold(customerId, '2', '2026-01-01T00:00:00Z');
    await ledger.recorded(customerId, `${holdId}:expired`);
    expect(await settle(customerId, holdId, newId('call'), '3')).toMatchObject({
      status: 200,
      body: { kind: 'charge', collected: '3' },
    });
    expect(await caller.api.GetBalance({ customerId, asOf: '' })).toMatchObject({ paid: '7', held: '0' });
  });

  it('is told that a body is no JSON', async () => {
    expect(await caller.post('/v1/holds', '{"holdId": ', null)).toMatchObject({ status: 400 });
  });

  it.each([
    ['/v1/journal?pageSize=501', 'pageSize'],
    ['/v1/journal?pageSize=-1', 'pageSize'],
    ['/v1/journal?cursor=not-ours', 'cursor'],
    [
      `/v1/balances?customerIds=${Array.from({ length: 501 }, (_, n) => `cus_${String(n)}`).join(',')}`,
      'customerIds',
    ],
    ['/v1/journal?recordedFrom=yesterday', 'recordedFrom'],
  ])('has its limits: %.40s', async (path, field) => {
    const answer = await caller.get(path);
    expect(answer.status).toBe(400);
    expect(answer.body['field']).toBe(field);
  });
});

describe('bad input on a topic', () => {
  it.each<[string, (event: ReturnType<typeof aCharge>) => Event, RegExp]>([
    [
      'another currency',
      (event) => charged(event, { charge: { amount: '1', currency: 'USD' } }),
      /currency-mismatch/,
    ],
    [
      'a customer id that cannot be in an account',
      (event) => charged(event, { customerId: 'cus:1' }),
      /cannot stand/,
    ],
  ])('is parked with the reason, and what comes after it is applied: %s', async (_case, change, reason) => {
    const { customerId } = await ledger.wallet('10');
    const bad = change(aCharge(customerId, newId('use'), '1'));
    const good = aCharge(customerId, newId('use'), '2');
    await ledger.publish(topics.rated.name, bad, good);
    expect((await ledger.parked(bad.id)).reason).toMatch(reason);
    await ledger.recorded(customerId, good.id);
    expect(await caller.api.GetBalance({ customerId, asOf: '' })).toMatchObject({ paid: '8' });
  });

  it('is parked with its bytes where it is no JSON, an amount is none, or has too many digits', async () => {
    const { customerId } = await ledger.wallet('10');
    const good = aCharge(customerId, newId('use'), '2');
    const bad = ['no JSON', '-1', '0.1234567890123456789', '9'.repeat(10_000)];
    const ids = await ledger.publishRaw(
      topics.rated.name,
      good,
      bad.map((text) => (wire) => ({
        ...wire,
        headers: { ...wire.headers, ce_id: newId('bad') },
        value: text === 'no JSON' ? text : wire.value.replace('"amount":"2"', `"amount":"${text}"`),
      })),
    );
    for (const id of ids) expect(await ledger.parked(id)).toMatchObject({ kind: 'rejected' });
    await ledger.publish(topics.rated.name, good);
    await ledger.recorded(customerId, good.id);
    expect(await caller.api.GetBalance({ customerId, asOf: '' })).toMatchObject({ paid: '8' });
  });

  it('keeps what a clock two hours off says, beside the time of the database', async () => {
    const { customerId } = await ledger.wallet('10');
    const hours = (count: number): string => new Date(Date.now() + count * 3_600_000).toISOString();
    const said = [hours(2), hours(-2)];
    for (const occurredAt of said) {
      const event = charged(aCharge(customerId, newId('use'), '1'), { occurredAt });
      await ledger.publish(topics.rated.name, event);
      await ledger.recorded(customerId, event.id);
    }
    const { entries } = await caller.api.ListEntries({ bookId: customerId, pageSize: 10, cursor: '' });
    const [, , ahead, behind] = entries;
    expect([ahead, behind].map((entry) => new Date(entry?.occurredAt ?? '').toISOString())).toEqual(said);
    for (const entry of [ahead, behind])
      expect(Math.abs(new Date(entry?.recordedAt ?? '').getTime() - Date.now())).toBeLessThan(60_000);
    expect((ahead?.recordedAt ?? '') < (behind?.recordedAt ?? '')).toBe(true);
  });
});
