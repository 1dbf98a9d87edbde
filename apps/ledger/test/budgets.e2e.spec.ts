import { type LedgerApi, topics } from '@app/contracts';
import { newId } from '@app/persistence';
import { grpcStream } from '@app/transport';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aCharge } from './events.ts';
import { ledgerService, type ServiceForSpecs } from './service-for-specs.ts';

type Person = ReturnType<ServiceForSpecs['someone']>;
type Limit = LedgerApi.BudgetLimit;

let ledger: ServiceForSpecs;
let gateway: Person;
const cny = (amount: string) => ({ amount, currency: 'CNY' });

beforeAll(async () => {
  ledger = await ledgerService('ledger-budgets', 20_000 + ((process.pid + 13_000) % 20_000), (environment) =>
    Object.assign(process.env, environment),
  );
  gateway = ledger.someone('gateway', 'holds:write ledger:read');
}, 60_000);

afterAll(() => ledger.close(), 30_000);

const ofKey = (limit: string, window = '2026-11'): Limit => ({ owner: 'key', window, limit });
const ofCustomer = (limit: string, window = 'total'): Limit => ({ owner: 'customer', window, limit });

const asked = (customerId: string, amount: string, limits: Limit[], keyId = 'key_1') => ({
  ...{ holdId: newId('hold'), customerId, keyId, callId: '', expiresAt: '', leaseId: '' },
  amount: cny(amount),
  limits,
});
const place = (customerId: string, amount: string, limits: Limit[], keyId = 'key_1') =>
  gateway.api.PlaceHold(asked(customerId, amount, limits, keyId));
/** The same question over REST, where what is empty is not said. */
const placeByRest = (customerId: string, amount: string, limits: Limit[], keyId = 'key_1') =>
  gateway.post('/v1/holds', { holdId: newId('hold'), customerId, keyId, amount: cny(amount), limits }, null);

async function placedOverStream(requests: readonly LedgerApi.PlaceHoldRequest[]): Promise<number> {
  const stream = await grpcStream<LedgerApi.HoldCommand, LedgerApi.HoldAnswer>(gateway.api, 'Holds');
  for (const request of requests) await stream.write({ commandId: request.holdId, place: request });
  stream.end();
  let placed = 0;
  for await (const answer of stream.answers) if (answer.placed?.hold) placed += 1;
  return placed;
}

describe('a budget', () => {
  it('lets exactly ten of a hundred callers pass, by the stream, by single calls and by REST at once', async () => {
    const { customerId } = await ledger.wallet('1000');
    const limits = [ofKey('10')];
    const several = <Result>(count: number, one: () => Result) => Array.from({ length: count }, one);
    const [streamed, single, posted] = await Promise.all([
      placedOverStream(several(40, () => asked(customerId, '1', limits))),
      Promise.all(several(30, () => place(customerId, '1', limits))),
      Promise.all(several(30, () => placeByRest(customerId, '1', limits))),
    ]);
    const passed =
      streamed +
      single.filter(({ hold }) => hold !== undefined).length +
      posted.filter(({ status }) => status === 201).length;
    expect(passed).toBe(10);
    expect(posted.filter(({ status }) => status !== 201 && status !== 402)).toEqual([]);
    const balance = await gateway.api.GetBalance({ customerId, asOf: '' });
    expect(balance).toMatchObject({ held: '10', available: '990' });
  });

  it('is decided together with the wallet and the other budgets: a refusal counts nowhere', async () => {
    const { customerId } = await ledger.wallet('6');
    const limits = [ofKey('5', '2026-11-22'), ofKey('50'), ofCustomer('100')];
    expect(await place(customerId, '4', limits)).toMatchObject({ hold: { availableAfter: '2' } });
    expect(await place(customerId, '1.5', limits)).toMatchObject({
      refusal: { code: 'key-budget-exceeded' },
    });
    expect(await place(customerId, '2.5', limits, 'key_2')).toMatchObject({
      refusal: { code: 'insufficient-funds', needed: '2.5', available: '2', affordable: '2' },
    });
    expect(await place(customerId, '2', limits, 'key_2')).toMatchObject({ hold: { availableAfter: '0' } });
  });

  it('says which budget refuses, what is spent and held, and how much would pass', async () => {
    const { customerId } = await ledger.wallet('100');
    const limits = [ofKey('8', '2026-11-22'), ofCustomer('9')];
    const first = asked(customerId, '5', limits);
    await gateway.api.PlaceHold(first);
    await ledger.publish(topics.rated.name, aCharge(customerId, newId('call'), '3', first.holdId));
    await ledger.entriesReached(customerId, 4);
    await place(customerId, '4', limits);
    expect(await place(customerId, '2', limits)).toMatchObject({
      refusal: {
        ...{ code: 'key-budget-exceeded', needed: '2', affordable: '1', currency: 'CNY' },
        budget: { owner: 'key', window: '2026-11-22', limit: '8', spent: '3', held: '4' },
      },
    });
    const other = await place(customerId, '3', limits, 'key_2');
    expect(other).toMatchObject({
      refusal: {
        ...{ code: 'customer-budget-exceeded', affordable: '2' },
        budget: { owner: 'customer', window: 'total', limit: '9', spent: '3', held: '4' },
      },
    });
    expect(await placeByRest(customerId, '2', limits)).toMatchObject({
      status: 402,
      body: {
        ...{ code: 'key-budget-exceeded', field: 'amount', scope: 'key:key_1:day', window: '2026-11-22' },
        ...{ limit: '8', spent: '3', held: '4', needed: '2', affordable: '1' },
        remedy: expect.stringContaining('Raise the budget'),
      },
    });
  });

  it('bounds an extension too, and counts by key', async () => {
    const { customerId } = await ledger.wallet('100');
    const limits = [ofKey('5')];
    const hold = asked(customerId, '4', limits);
    await gateway.api.PlaceHold(hold);
    const { holdId } = hold;
    const more = { holdId, customerId, keyId: 'key_1', limits };
    expect(await gateway.api.ExtendHold({ ...more, extensionId: '1', by: cny('2') })).toMatchObject({
      refusal: { code: 'key-budget-exceeded', affordable: '1' },
    });
    expect(await gateway.api.ExtendHold({ ...more, extensionId: '2', by: cny('1') })).toMatchObject({
      hold: { availableAfter: '95' },
    });
    expect(await place(customerId, '5', limits, 'key_2')).toMatchObject({ hold: { amount: '5' } });
  });

  it('follows from the journal: its counters are rebuilt as they are', async () => {
    const { customerId } = await ledger.wallet('100');
    await place(customerId, '4', [ofKey('5'), ofCustomer('50')]);
    const report = await gateway.api.Rebuild({}, { timeoutMs: 30_000 });
    expect(report).toMatchObject({ agrees: true, firstDifference: '' });
  });

  it.each<[string, Limit[], string | undefined, string]>([
    ['a window that is none', [ofKey('1', '2026-W47')], 'key_1', 'limits.0.window'],
    ['an amount that is no decimal', [ofKey('1e3')], 'key_1', 'limits.0.limit'],
    ['19 decimals', [ofKey('0.1234567890123456789')], 'key_1', 'limits.0.limit'],
    ['an owner that is none', [{ ...ofKey('1'), owner: 'team' }], 'key_1', 'limits.0.owner'],
    ['two limits of one kind', [ofKey('1', '2026-11'), ofKey('2', '2026-12')], 'key_1', 'limits'],
    ['a limit of a key and no key', [ofKey('1')], undefined, 'keyId'],
  ])('is not read with %s: the answer names the field', async (_case, limits, keyId, field) => {
    const body = { holdId: newId('hold'), customerId: 'cus_1', amount: cny('1'), limits };
    const answer = await gateway.post(
      '/v1/holds',
      { ...body, ...(keyId === undefined ? {} : { keyId }) },
      null,
    );
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid-request', field } });
    const call = gateway.api.PlaceHold(asked('cus_1', '1', limits, keyId ?? ''));
    await expect(call).rejects.toMatchObject({ code: 'invalid-request', details: { field } });
  });
});
