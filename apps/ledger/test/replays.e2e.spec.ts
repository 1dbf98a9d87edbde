import { topics } from '@app/contracts';
import { newId } from '@app/persistence';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aCharge } from './events.ts';
import { ledgerService, type ServiceForSpecs } from './service-for-specs.ts';

type Person = ReturnType<ServiceForSpecs['someone']>;

let ledger: ServiceForSpecs;
let anna: Person;
let bo: Person;
const scopes = 'adjustments:request adjustments:approve ledger:read ledger:post holds:write';
const cny = (amount: string) => ({ amount, currency: 'CNY' });

beforeAll(async () => {
  ledger = await ledgerService('ledger-replays', 20_000 + ((process.pid + 19_000) % 20_000), (environment) =>
    Object.assign(process.env, environment),
  );
  anna = ledger.someone('anna', scopes);
  bo = ledger.someone('bo', scopes);
}, 60_000);

afterAll(() => ledger.close(), 30_000);

/** A call that records something, by both doors, with an amount that may be changed. */
interface Posting {
  readonly rest: (amount: string) => Promise<{ readonly status: number; readonly body: object }>;
  readonly grpc: (amount: string) => Promise<object>;
}

const none = { callId: '', keyId: '', expiresAt: '', leaseId: '', limits: [] };

const placing = (customerId: string): Posting => {
  const holdId = newId('hold');
  return {
    rest: (amount) => anna.post('/v1/holds', { holdId, customerId, amount: cny(amount) }, null),
    grpc: async (amount) => {
      const { hold } = await anna.api.PlaceHold({ holdId, customerId, amount: cny(amount), ...none });
      return hold ?? {};
    },
  };
};
const extending = async (customerId: string): Promise<Posting> => {
  const holdId = newId('hold');
  await anna.api.PlaceHold({ holdId, customerId, amount: cny('1'), ...none });
  const extension = { customerId, extensionId: '1' };
  return {
    rest: (amount) => anna.post(`/v1/holds/${holdId}/extend`, { ...extension, by: cny(amount) }, null),
    grpc: async (amount) => {
      const request = { ...extension, holdId, by: cny(amount), keyId: '', limits: [] };
      return (await anna.api.ExtendHold(request)).hold ?? {};
    },
  };
};
const settling = async (customerId: string): Promise<Posting> => {
  const holdId = newId('hold');
  await anna.api.PlaceHold({ holdId, customerId, amount: cny('1'), ...none });
  const call = { customerId, chargeId: newId('call') };
  return {
    rest: (amount) => anna.post(`/v1/holds/${holdId}/settle`, { ...call, charge: cny(amount) }, null),
    grpc: (amount) => anna.api.SettleHold({ ...call, holdId, charge: cny(amount), occurredAt: '' }),
  };
};
const charging = (customerId: string): Posting => {
  const callId = newId('use');
  const tell = async (amount: string) => {
    const event = aCharge(customerId, callId, amount);
    await ledger.publish(topics.rated.name, event);
    await ledger.recorded(customerId, event.id);
    return {};
  };
  return { rest: async (amount) => ({ status: 200, body: await tell(amount) }), grpc: tell };
};

const entriesOf = async (bookId: string): Promise<string[]> => {
  const rows = await ledger.database.query<{ event_id: string }>(
    'SELECT event_id FROM entry WHERE book_id = $1 ORDER BY version',
    [bookId],
  );
  return rows.map(({ event_id: eventId }) => eventId);
};

describe('a command that comes again', () => {
  it.each<[string, (customerId: string) => Posting | Promise<Posting>]>([
    ['place', placing],
    ['extend', extending],
    ['settle', settling],
  ])('has its first answer, by either door, while the book goes on: %s', async (_name, commandOf) => {
    const { customerId } = await ledger.wallet('10');
    const command = await commandOf(customerId);
    const first = await command.rest('2');
    expect([200, 201]).toContain(first.status);
    const after = await entriesOf(customerId);
    await charging(customerId).grpc('0.5');
    const [again, byGrpc] = [await command.rest('2'), await command.grpc('2')];
    expect(again.body).toEqual(first.body);
    expect(byGrpc).toEqual(first.body);
    const meanwhile = await Promise.all(Array.from({ length: 10 }, () => command.grpc('2')));
    for (const answer of meanwhile) expect(answer).toEqual(first.body);
    expect((await entriesOf(customerId)).slice(0, after.length)).toEqual(after);
    expect((await entriesOf(customerId)).length).toBe(after.length + 1);
  });

  it.each<[string, (customerId: string) => Posting | Promise<Posting>]>([
    ['place', placing],
    ['extend', extending],
    ['settle', settling],
  ])('is a conflict with other data, by either door: %s', async (_name, commandOf) => {
    const { customerId } = await ledger.wallet('10');
    const command = await commandOf(customerId);
    await command.grpc('2');
    const before = await entriesOf(customerId);
    expect(await command.rest('3')).toMatchObject({ status: 409, body: { code: 'conflict' } });
    await expect(command.grpc('3')).rejects.toMatchObject({ code: 'conflict' });
    expect(await entriesOf(customerId)).toEqual(before);
  });

  it('releases once', async () => {
    const { customerId } = await ledger.wallet('10');
    const holdId = newId('hold');
    await anna.api.PlaceHold({ holdId, customerId, amount: cny('1'), ...none });
    for (let turn = 0; turn < 3; turn += 1) {
      const rest = await anna.post(`/v1/holds/${holdId}/release`, { customerId }, null);
      expect(rest).toMatchObject({ status: 200, body: { outcome: 'released' } });
      expect(await anna.api.ReleaseHold({ holdId, customerId, reason: '' })).toEqual({ outcome: 'released' });
    }
    expect((await entriesOf(customerId)).length).toBe(4);
  });

  it('asks for an adjustment once and decides it once, by either door, and answers alike', async () => {
    const { customerId } = await ledger.wallet('10');
    const adjustment = { template: 'grant', customerId, amount: cny('3'), reasonId: 'promotion' };
    const reason = 'as agreed by phone';
    const [key, decisionKey] = [newId('key'), newId('key')];
    const ask = () => anna.post('/v1/adjustments', { reason, adjustment }, key);
    const first = await ask();
    expect(await ask()).toMatchObject({ body: first.body, replayed: true });
    const adjustmentJson = JSON.stringify(adjustment);
    expect(await anna.api.RequestAdjustment({ eventId: key, reason, adjustmentJson })).toEqual(first.body);
    const adjustmentId = String(first.body['adjustmentId']);
    const decision = { payloadSha256: String(first.body['payloadSha256']), reason: 'checked the papers' };
    const approve = () => bo.post(`/v1/adjustments/${adjustmentId}/approve`, decision, decisionKey);
    const approved = await approve();
    expect(approved).toMatchObject({ status: 200, body: { status: 'posted' } });
    expect(await approve()).toMatchObject({ body: approved.body, replayed: true });
    const byGrpc = bo.api.ApproveAdjustment({ ...decision, adjustmentId, eventId: decisionKey });
    expect(await byGrpc).toEqual(approved.body);
    const other = bo.api.RejectAdjustment({ ...decision, adjustmentId, eventId: decisionKey });
    await expect(other).rejects.toMatchObject({ code: 'different-request' });
    expect(await anna.api.GetBalance({ customerId, asOf: '' })).toMatchObject({ granted: '3', version: '3' });
  });
});
