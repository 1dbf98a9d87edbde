import { topics } from '@app/contracts';
import { newId } from '@app/persistence';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aCharge, aTopUp } from './events.ts';
import { ledgerService, type RestAnswer, type ServiceForSpecs } from './service-for-specs.ts';

type Person = ReturnType<ServiceForSpecs['someone']>;

let ledger: ServiceForSpecs;
let anna: Person;
let bo: Person;
const cny = (amount: string) => ({ amount, currency: 'CNY' });

beforeAll(async () => {
  ledger = await ledgerService('ledger-finance', 20_000 + ((process.pid + 9_000) % 20_000), (environment) =>
    Object.assign(process.env, environment),
  );
  anna = ledger.someone('anna', 'adjustments:request ledger:read');
  bo = ledger.someone('bo', 'adjustments:approve ledger:read ledger:post holds:write');
}, 60_000);

afterAll(() => ledger.close(), 30_000);

async function done(adjustment: object): Promise<RestAnswer> {
  const { body } = await anna.post('/v1/adjustments', { reason: 'as agreed', adjustment });
  return bo.post(`/v1/adjustments/${String(body['adjustmentId'])}/approve`, {
    payloadSha256: body['payloadSha256'],
    reason: 'checked',
  });
}

describe('a statement', () => {
  it('says what moved in a period, as it was known then and as it is known since', async () => {
    const { customerId } = await ledger.wallet('50');
    const callId = newId('call');
    await ledger.publish(topics.rated.name, aCharge(customerId, callId, '30'));
    await ledger.entriesReached(customerId, 3);
    const [row] = await ledger.database.query<{ at: string }>('SELECT clock_timestamp() AS at');
    const before = row?.at ?? '';
    const grant = { template: 'grant', customerId, amount: cny('1'), reasonId: 'promotion' };
    await done({ ...grant, occurredAt: '2026-11-22T07:00:00Z' });
    const period = 'from=2026-11-22T08:00:00Z&asOf=2026-11-23T00:00:00Z';
    const then = (await bo.get(`/v1/customers/${customerId}/statement?${period}&asKnownAt=${before}`)).body;
    expect(then).toMatchObject({
      currency: 'CNY',
      opening: { paid: '0', granted: '0', held: '0' },
      closing: { paid: '20', granted: '0', held: '0' },
      lines: [
        { kind: 'top-up', change: { paid: '50' }, balance: { paid: '50' } },
        { kind: 'charge', change: { paid: '-30' }, balance: { paid: '20' } },
        { kind: 'plan-set' },
      ],
    });
    const now = (await bo.get(`/v1/customers/${customerId}/statement?${period}&knownBefore=${before}`)).body;
    expect(now).toMatchObject({
      opening: { paid: '0', granted: '1' },
      closing: { paid: '20', granted: '1' },
      difference: {
        openingBefore: { granted: '0' },
        closingBefore: { paid: '20', granted: '0' },
        entries: '1',
        recordedSince: [{ kind: 'grant', change: { granted: '1' } }],
      },
    });
    expect(now['totals']).toEqual([
      { kind: 'charge', entries: '1', paid: '-30', granted: '0' },
      { kind: 'plan-set', entries: '1', paid: '0', granted: '0' },
      { kind: 'top-up', entries: '1', paid: '50', granted: '0' },
    ]);
    const question = { customerId, from: '2026-11-22T08:00:00Z', asOf: '2026-11-23T00:00:00Z' };
    const first = await bo.api.GetStatement({
      ...question,
      asKnownAt: before,
      knownBefore: '',
      pageSize: 2,
      cursor: '',
    });
    expect(first).toMatchObject({ closing: { paid: '20' }, lines: [{ kind: 'top-up' }, { kind: 'charge' }] });
    const second = await bo.api.GetStatement({
      ...{ ...question, asKnownAt: before, knownBefore: '', pageSize: 2 },
      cursor: first.nextCursor,
    });
    expect(second).toMatchObject({ lines: [{ kind: 'plan-set' }], nextCursor: '' });
  });

  it('refuses what it cannot answer, with the field', async () => {
    expect(await bo.get('/v1/customers/cus_nobody/statement?from=2026-11-22T08:00:00Z')).toMatchObject({
      status: 404,
    });
    expect(await bo.get('/v1/customers/cus_1/statement?from=yesterday')).toMatchObject({
      status: 400,
      body: { field: 'from' },
    });
  });
});

describe('where money came from', () => {
  it('names the top-ups that paid a charge, and the charges that a top-up paid', async () => {
    const { customerId, topUpId } = await ledger.wallet('5');
    const second = newId('top');
    await ledger.publish(topics.topUps.name, aTopUp(customerId, second, '10'));
    await ledger.entriesReached(customerId, 3);
    const callId = newId('call');
    await ledger.publish(topics.rated.name, aCharge(customerId, callId, '8'));
    await ledger.entriesReached(customerId, 4);
    await done({
      template: 'correction',
      customerId,
      chargeId: callId,
      reasonId: 'wrong-price',
      charge: cny('6'),
    });
    expect((await bo.get(`/v1/customers/${customerId}/charges/${callId}`)).body).toMatchObject({
      charge: '6',
      paid: '6',
      lots: [
        { topUpId, amount: '5' },
        { topUpId: second, amount: '1' },
      ],
      versions: ['4', '5'],
    });
    expect((await bo.get(`/v1/customers/${customerId}/lots/${second}/charges`)).body).toMatchObject({
      uses: [
        { version: '4', chargeId: callId, amount: '3' },
        { version: '5', kind: 'correction', amount: '-2' },
      ],
    });
    expect(await bo.api.GetCharge({ customerId, chargeId: callId })).toMatchObject({ charge: '6' });
    expect(await bo.get(`/v1/customers/${customerId}/charges/call_none`)).toMatchObject({ status: 404 });
  });
});

describe('months', () => {
  it('take no entry once two people closed them: what comes late is of the first open day; and open again', async () => {
    const { customerId } = await ledger.wallet('1');
    expect(await done({ template: 'close-period', month: '2026-01' })).toMatchObject({
      body: { status: 'posted' },
    });
    expect(await done({ template: 'close-period', month: '2026-02' })).toMatchObject({
      body: { status: 'posted' },
    });
    expect(await done({ template: 'close-period', month: '2026-02' })).toMatchObject({
      status: 409,
      body: { code: 'period-closed' },
    });
    expect(await done({ template: 'close-period', month: '2999-01' })).toMatchObject({
      status: 409,
      body: { code: 'period-not-over' },
    });
    const grant = {
      template: 'grant',
      customerId,
      amount: cny('1'),
      reasonId: 'late',
      occurredAt: '2026-01-15T00:00:00Z',
    };
    expect(await done(grant)).toMatchObject({ body: { status: 'posted' } });
    const dates = () =>
      ledger.database.query<{ day: string; at: string }>(
        `SELECT accounting_date::text AS day FROM entry WHERE book_id = $1 AND kind = 'grant' ORDER BY version`,
        [customerId],
      );
    expect(await dates()).toEqual([{ day: '2026-03-01' }]);
    await expect(
      ledger.database.query(`SELECT refuse_closed_days(ARRAY['2026-02-28'::date])`),
    ).rejects.toMatchObject({ code: 'HL003' });
    expect((await bo.get('/v1/periods')).body).toMatchObject({
      closed: [{ month: '2026-01' }, { month: '2026-02' }],
    });
    expect(await done({ template: 'reopen-period', month: '2026-01' })).toMatchObject({
      body: { status: 'posted' },
    });
    expect((await bo.api.ListClosedPeriods({})).closed).toMatchObject([{ month: '2026-02' }]);
    expect((await bo.post('/v1/rebuild', {})).body).toMatchObject({ agrees: true });
  });
});

describe('holds over both doors', () => {
  it('are placed, raised and settled; a call is charged once, and after its hold has ended too', async () => {
    const { customerId } = await ledger.wallet('10');
    const holdId = newId('hold');
    const chargeId = newId('call');
    expect(await bo.post('/v1/holds', { holdId, customerId, amount: cny('3') })).toMatchObject({
      status: 201,
    });
    const raised = await bo.post(`/v1/holds/${holdId}/extend`, {
      customerId,
      extensionId: '1',
      by: cny('1'),
    });
    expect(raised).toMatchObject({ status: 200, body: { availableAfter: '6' } });
    const settle = (charge: string, id = chargeId) =>
      bo.post(`/v1/holds/${holdId}/settle`, {
        customerId,
        chargeId: id,
        charge: cny(charge),
        occurredAt: '2026-11-22T10:30:00Z',
      });
    const settled = {
      kind: 'settle',
      charge: '2.5',
      collected: '2.5',
      uncollected: '0',
      availableAfter: '7.5',
    };
    expect(await settle('2.5')).toMatchObject({ status: 200, body: settled });
    expect(await settle('2.5')).toMatchObject({ status: 200, body: settled });
    expect(await settle('2.6')).toMatchObject({ status: 409, body: { code: 'conflict', field: 'chargeId' } });
    expect(await settle('1', 'call_other')).toMatchObject({
      status: 409,
      body: { code: 'hold-settled', field: 'holdId' },
    });
    expect(
      await bo.post('/v1/holds/hold_none/extend', { customerId, extensionId: '1', by: cny('1') }),
    ).toMatchObject({
      status: 404,
      body: { code: 'unknown-hold' },
    });
    const late = newId('hold');
    await bo.post('/v1/holds', { holdId: late, customerId, amount: cny('3') });
    await bo.post(`/v1/holds/${late}/release`, { customerId });
    const request = { holdId: late, customerId, chargeId: newId('call'), charge: cny('1'), occurredAt: '' };
    expect(await bo.api.SettleHold(request)).toMatchObject({
      kind: 'charge',
      collected: '1',
      availableAfter: '6.5',
    });
    await expect(anna.api.SettleHold(request)).rejects.toMatchObject({ code: 'forbidden' });
    expect((await bo.get(`/v1/balances?customerIds=${customerId},cus_none`)).body).toMatchObject({
      balances: [{ available: '6.5' }],
    });
  });

  it('keep the time of a clock that is two hours off beside our own', async () => {
    const { customerId } = await ledger.wallet('10');
    const chargeId = newId('call');
    const occurredAt = new Date(Date.now() + 7_200_000).toISOString();
    await bo.api.SettleHold({ holdId: 'hold_off', customerId, chargeId, charge: cny('1'), occurredAt });
    const { entries } = await bo.api.ListEntries({ bookId: customerId, pageSize: 1, cursor: '2' });
    expect(Date.parse(entries[0]?.occurredAt ?? '')).toBe(Date.parse(occurredAt));
    expect(Math.abs(Date.parse(entries[0]?.recordedAt ?? '') - Date.now())).toBeLessThan(60_000);
  });
});

describe('entries and the trial balance', () => {
  it('are found by kind, account, event and time', async () => {
    const { customerId, topUpId } = await ledger.wallet('10');
    const found = async (query: string) =>
      ((await bo.get(`/v1/books/${customerId}/entries?${query}`)).body['entries'] as { kind: string }[]).map(
        ({ kind }) => kind,
      );
    expect(await found('kind=top-up')).toEqual(['top-up']);
    expect(await found('account=clearing:wechat-pay')).toEqual(['top-up']);
    expect(await found(`account=wallet:${customerId}:paid`)).toEqual(['top-up']);
    expect(await found('account=wallet:cus_other:paid')).toEqual([]);
    expect(await found(`eventId=${topUpId}:settled`)).toEqual(['top-up']);
    expect(await found('occurredTo=2026-11-22T08:00:00Z')).toEqual([]);
    expect(await found('occurredFrom=2026-11-22T08:00:00.4Z')).toEqual(['plan-set']);
    expect(await found('recordedFrom=2999-01-01T00:00:00Z')).toEqual([]);
    const { entries } = await bo.api.ListJournal({
      ...{ pageSize: 5, cursor: '' },
      filter: {
        ...{ kind: '', account: '', eventId: `${topUpId}:settled` },
        ...{ occurredFrom: '', occurredTo: '', recordedFrom: '', recordedTo: '' },
      },
    });
    expect(entries).toMatchObject([{ bookId: customerId, kind: 'top-up' }]);
    expect(await bo.get('/v1/journal?pageSize=501')).toMatchObject({
      status: 400,
      body: { field: 'pageSize' },
    });
    expect(await bo.get('/v1/journal?occurredFrom=today')).toMatchObject({
      status: 400,
      body: { field: 'occurredFrom' },
    });
  });

  it('is the same from the entries as from what is stored, and shows an earlier day as it was known then', async () => {
    const now = (await bo.get('/v1/trial-balance')).body;
    expect((await bo.get('/v1/trial-balance?asOf=2999-12-31')).body).toEqual(now);
    expect((await bo.get('/v1/trial-balance?asKnownAt=2020-01-01T00:00:00Z')).body).toEqual({
      lines: [],
      totals: [],
    });
    expect(await bo.api.GetTrialBalance({ asOf: '2026-01-31' })).toMatchObject({ totals: [] });
    expect(await bo.get('/v1/trial-balance?asOf=yesterday')).toMatchObject({
      status: 400,
      body: { field: 'asOf' },
    });
  });
});
