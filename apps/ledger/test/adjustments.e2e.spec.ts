import { topics } from '@app/contracts';
import { newId } from '@app/persistence';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aCharge } from './events.ts';
import { ledgerService, type RestAnswer, type ServiceForSpecs } from './service-for-specs.ts';

type Person = ReturnType<ServiceForSpecs['someone']>;

let ledger: ServiceForSpecs;
let anna: Person;
let bo: Person;
const scopes = 'adjustments:request adjustments:approve ledger:read';
const cny = (amount: string) => ({ amount, currency: 'CNY' });

beforeAll(async () => {
  ledger = await ledgerService(
    'ledger-adjustments',
    20_000 + ((process.pid + 7_000) % 20_000),
    (environment) => Object.assign(process.env, environment),
  );
  anna = ledger.someone('anna', scopes);
  bo = ledger.someone('bo', scopes);
}, 60_000);

afterAll(() => ledger.close(), 30_000);

const ask = (adjustment: object, key?: string | null): Promise<RestAnswer> =>
  anna.post('/v1/adjustments', { reason: 'as agreed by phone', adjustment }, key);
const decide = (asked: RestAnswer, verdict = 'approve', person = bo, key?: string): Promise<RestAnswer> =>
  person.post(
    `/v1/adjustments/${String(asked.body['adjustmentId'])}/${verdict}`,
    { payloadSha256: asked.body['payloadSha256'], reason: 'checked the papers' },
    key,
  );
const done = async (adjustment: object): Promise<RestAnswer> => decide(await ask(adjustment));
const balance = async (customerId: string) => (await bo.get(`/v1/customers/${customerId}/balance`)).body;

describe('entries by hand', () => {
  it('need two people, and wait until the second has decided', async () => {
    const { customerId } = await ledger.wallet('10');
    const asked = await ask({ template: 'grant', customerId, amount: cny('2.5'), reasonId: 'promotion' });
    expect(asked).toMatchObject({
      status: 201,
      body: { status: 'pending', requestedBy: 'anna', version: '' },
    });
    expect(await decide(asked, 'approve', anna)).toMatchObject({
      status: 403,
      body: { code: 'same-person' },
    });
    expect(await balance(customerId)).toMatchObject({ granted: '0' });
    expect(await decide(asked)).toMatchObject({
      status: 200,
      body: { status: 'posted', version: '3', decidedBy: 'bo' },
    });
    expect(await balance(customerId)).toMatchObject({ paid: '10', granted: '2.5', available: '12.5' });
    expect(await decide(asked)).toMatchObject({ status: 409, body: { code: 'wrong-status' } });
    const subjectId = String(asked.body['adjustmentId']);
    const { deeds } = (await bo.get(`/v1/audit?subjectId=${subjectId}`)).body as {
      deeds: { actor: string; action: string }[];
    };
    expect(deeds.map(({ actor, action }) => `${actor} ${action}`)).toEqual([
      'anna adjustment-requested',
      'anna adjustment-not-approved',
      'bo adjustment-approved',
      'bo adjustment-posted',
      'bo adjustment-not-approved',
    ]);
  });

  it('are refused by the database too where maker and checker are one, or the bytes are others', async () => {
    const { customerId } = await ledger.wallet('1');
    const asked = await ask({ template: 'grant', customerId, amount: cny('1'), reasonId: 'promotion' });
    const decision = (by: string, sha: unknown) =>
      ledger.database.query(
        `INSERT INTO adjustment_decision (adjustment_id, payload_sha256, requested_by, expires_at, verdict, decided_by, reason)
         SELECT adjustment_id, $2, requested_by, expires_at, 'approved', $3, 'by force' FROM adjustment WHERE adjustment_id = $1`,
        [asked.body['adjustmentId'], sha, by],
      );
    await expect(decision('anna', asked.body['payloadSha256'])).rejects.toThrow('two_people');
    await expect(decision('bo', '0'.repeat(64))).rejects.toThrow('foreign key');
    await expect(
      ledger.database.query(`UPDATE adjustment SET payload = '{}' WHERE adjustment_id = $1`, [
        asked.body['adjustmentId'],
      ]),
    ).rejects.toThrow('only ever added to');
    const other = await bo.post(`/v1/adjustments/${String(asked.body['adjustmentId'])}/approve`, {
      payloadSha256: '0'.repeat(64),
      reason: 'did not look',
    });
    expect(other).toMatchObject({ status: 409, body: { code: 'payload-differs', field: 'payloadSha256' } });
    expect(await decide(asked, 'reject')).toMatchObject({
      status: 200,
      body: { status: 'rejected', version: '' },
    });
    expect(await balance(customerId)).toMatchObject({ granted: '0' });
  });

  it('expire where nobody decides', async () => {
    const sha = (await import('node:crypto')).createHash('sha256').update('{}').digest('hex');
    const adjustmentId = newId('adj');
    await ledger.database.query(
      `INSERT INTO adjustment (adjustment_id, template, book_id, event_id, about_id, payload, payload_sha256, reason,
                               requested_by, request_key, requested_at, expires_at)
       VALUES ($1, 'grant', 'cus_1', 'x', '', '{}', $2, 'forgotten', 'anna', $1, now() - interval '2 days', now() - interval '1 day')`,
      [adjustmentId, sha],
    );
    const late = { status: 201, body: { adjustmentId, payloadSha256: sha }, replayed: false };
    expect(await decide(late)).toMatchObject({ status: 409, body: { code: 'adjustment-expired' } });
    expect((await bo.get('/v1/adjustments?status=expired')).body).toMatchObject({
      adjustments: [{ adjustmentId }],
    });
  });

  it('correct a charge, restoring its lot, and compensate it once for each reason and in total at most the charge', async () => {
    const { customerId, topUpId } = await ledger.wallet('50');
    const callId = newId('call');
    await ledger.publish(topics.rated.name, aCharge(customerId, callId, '30'));
    await ledger.entriesReached(customerId, 3);
    const correct = {
      template: 'correction',
      customerId,
      chargeId: callId,
      reasonId: 'wrong-price',
      charge: cny('20'),
    };
    expect((await done(correct)).body).toMatchObject({ status: 'posted', version: '4' });
    expect(await balance(customerId)).toMatchObject({ paid: '30', granted: '0' });
    const compensate = (reasonId: string, amount: string) =>
      done({ template: 'compensation', customerId, chargeId: callId, reasonId, amount: cny(amount) });
    expect(await compensate('slow', '1')).toMatchObject({ status: 200, body: { status: 'posted' } });
    expect(await balance(customerId)).toMatchObject({ paid: '30', granted: '1' });
    expect(await compensate('slow', '2')).toMatchObject({
      status: 409,
      body: { code: 'already-compensated', field: 'reasonId' },
    });
    expect(await compensate('outage', '19.000000000000000001')).toMatchObject({
      status: 422,
      body: { code: 'exceeds-charge', compensable: '19' },
    });
    const [first, second] = await Promise.all([compensate('a', '10'), compensate('b', '10')]);
    expect([first.status, second.status].sort()).toEqual([200, 422]);
    expect((await bo.get(`/v1/customers/${customerId}/lots`)).body).toMatchObject({
      lots: [{ topUpId, used: '20', remaining: '30' }],
    });
    expect(await done({ ...correct, charge: cny('20') })).toMatchObject({
      status: 409,
      body: { code: 'nothing-to-correct' },
    });
    expect(await done({ ...correct, chargeId: 'call_none' })).toMatchObject({
      status: 404,
      body: { code: 'unknown-charge' },
    });
  });

  it('correct a charge whose lot was used up', async () => {
    const { customerId } = await ledger.wallet('5');
    const callId = newId('call');
    await ledger.publish(topics.rated.name, aCharge(customerId, callId, '5'));
    await ledger.entriesReached(customerId, 3);
    const charge = cny('0');
    const result = await done({
      template: 'correction',
      customerId,
      chargeId: callId,
      reasonId: 'wrong-model',
      charge,
    });
    expect(result.body).toMatchObject({ status: 'posted' });
    expect(await balance(customerId)).toMatchObject({ paid: '5' });
    expect((await bo.post('/v1/rebuild', {})).body).toMatchObject({ agrees: true });
  });

  it('take over a balance once, change a plan, and keep channels, suspense and upstream bills', async () => {
    const { customerId } = await ledger.wallet('1');
    const opening = {
      template: 'opening-balance',
      customerId,
      channel: 'opening',
      paid: '12.345678',
      granted: '0',
      currency: 'CNY',
    };
    expect((await done(opening)).body).toMatchObject({ status: 'posted' });
    expect(await done({ ...opening, paid: '1' })).toMatchObject({ status: 409, body: { code: 'conflict' } });
    const plan = { code: 'hk-credit', credits: '10000', amount: '1' };
    expect((await done({ template: 'plan-change', customerId, plan, currency: 'CNY' })).body).toMatchObject({
      status: 'posted',
    });
    const suspenseId = newId('sus');
    const money = { channel: 'bank', amount: cny('500'), suspenseId };
    expect(await done({ template: 'suspense-assign', customerId, ...money })).toMatchObject({
      status: 422,
      body: { code: 'exceeds-suspense' },
    });
    const feeId = newId('fee');
    const billId = newId('bill');
    for (const adjustment of [
      { template: 'suspense-in', ...money },
      { template: 'suspense-assign', customerId, ...money },
      { template: 'channel-fee', channel: 'wechat-pay', amount: cny('0.6'), feeId },
      { template: 'channel-fee-return', channel: 'wechat-pay', amount: cny('0.24'), feeId },
      {
        template: 'settlement',
        channel: 'wechat-pay',
        bank: 'bank',
        amount: cny('60.64'),
        settlementId: newId('set'),
      },
      {
        template: 'upstream-bill',
        billId,
        upstream: 'openai',
        bank: 'bank',
        accrued: '3.85',
        paid: '3.9',
        currency: 'CNY',
      },
    ])
      expect(await done(adjustment)).toMatchObject({ status: 200, body: { status: 'posted' } });
    expect(await done({ template: 'suspense-return', ...money })).toMatchObject({
      status: 422,
      body: { code: 'exceeds-suspense', left: '0' },
    });
    expect(await balance(customerId)).toMatchObject({ paid: '513.345678' });
    const { totals } = (await bo.get('/v1/trial-balance')).body;
    expect(totals).toEqual([expect.objectContaining({ currency: 'CNY', difference: '0' })]);
  });
});

describe('an approval whose process dies once its entry is recorded', () => {
  /** Ends the connection that is about to keep what became of an approval: for everybody else its process is gone. */
  const dyingBeforeItsOutcome = async (approve: () => Promise<RestAnswer>): Promise<RestAnswer> =>
    ledger.database.transaction(async (tx) => {
      await tx.query('LOCK TABLE adjustment_outcome IN SHARE MODE');
      const answer = approve();
      for (let ended = 0; ended === 0; await new Promise((resolve) => setTimeout(resolve, 20)))
        ({ length: ended } = await ledger.database.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO adjustment_outcome%'`,
        ));
      return answer;
    });

  it('has taken its money out of suspense: nobody else gets it meanwhile, and the same approval ends well', async () => {
    const [first, second] = [await ledger.wallet('1'), await ledger.wallet('1')];
    const money = { channel: 'bank', amount: cny('500'), suspenseId: newId('sus') };
    expect(await done({ template: 'suspense-in', ...money })).toMatchObject({ status: 200 });
    const asked = await ask({ template: 'suspense-assign', customerId: first.customerId, ...money });
    expect((await dyingBeforeItsOutcome(() => decide(asked))).status).toBeGreaterThanOrEqual(500);
    expect(await balance(first.customerId)).toMatchObject({ paid: '501' });
    const other = { template: 'suspense-assign', customerId: second.customerId, ...money };
    expect(await done(other)).toMatchObject({ status: 422, body: { code: 'exceeds-suspense', left: '0' } });
    expect(await balance(second.customerId)).toMatchObject({ paid: '1' });
    expect(await decide(asked)).toMatchObject({ status: 200, body: { status: 'posted' } });
  });
});

describe('keys of requests', () => {
  const grant = (customerId: string, amount: string) => ({
    template: 'grant',
    customerId,
    amount: cny(amount),
    reasonId: 'promotion',
  });

  it('answer the same request alike for ever, and refuse another one', async () => {
    const { customerId } = await ledger.wallet('1');
    const key = newId('key');
    const first = await ask(grant(customerId, '1'), key);
    expect(await ask(grant(customerId, '1'), key)).toEqual({ ...first, replayed: true });
    expect(await ask(grant(customerId, '1'), `"${key}"`)).toEqual({ ...first, replayed: true });
    expect(await ask(grant(customerId, '2'), key)).toMatchObject({
      status: 422,
      body: { code: 'different-request' },
    });
    const approveKey = newId('key');
    const approved = await decide(first, 'approve', bo, approveKey);
    expect(await decide(first, 'approve', bo, approveKey)).toEqual({ ...approved, replayed: true });
    expect(await balance(customerId)).toMatchObject({ granted: '1' });
    const refusedKey = newId('key');
    const refused = await decide(first, 'approve', bo, refusedKey);
    expect(await decide(first, 'approve', bo, refusedKey)).toEqual({
      ...refused,
      status: 409,
      replayed: true,
    });
  });

  it('are needed, and say when the first request is still under way', async () => {
    const { customerId } = await ledger.wallet('1');
    expect(await ask(grant(customerId, '1'), null)).toMatchObject({
      status: 400,
      body: { code: 'missing-idempotency-key' },
    });
    const key = newId('key');
    const asked = await ask(grant(customerId, '1'), key);
    await ledger.database.query(`UPDATE idempotent_answer SET status = NULL, answer = NULL WHERE key = $1`, [
      key,
    ]);
    expect(await ask(grant(customerId, '1'), key)).toMatchObject({
      status: 409,
      body: { code: 'request-in-flight' },
    });
    await ledger.database.query(
      `UPDATE idempotent_answer SET claimed_at = now() - interval '2 minutes' WHERE key = $1`,
      [key],
    );
    expect((await ask(grant(customerId, '1'), key)).body).toEqual(asked.body);
  });

  it('are event ids over gRPC, with the same answers and refusals', async () => {
    const { customerId } = await ledger.wallet('1');
    const request = {
      eventId: newId('key'),
      reason: 'as agreed',
      adjustmentJson: JSON.stringify(grant(customerId, '1')),
    };
    const first = await anna.api.RequestAdjustment(request);
    expect(await anna.api.RequestAdjustment(request)).toEqual(first);
    await expect(anna.api.RequestAdjustment({ ...request, reason: 'another' })).rejects.toMatchObject({
      code: 'different-request',
    });
    const { adjustmentId, payloadSha256 } = first;
    const decision = { eventId: newId('key'), adjustmentId, payloadSha256, reason: 'checked' };
    await expect(anna.api.ApproveAdjustment(decision)).rejects.toMatchObject({ code: 'same-person' });
    expect(await bo.api.ApproveAdjustment(decision)).toMatchObject({ status: 'posted', version: '3' });
    const reader = ledger.someone('cy', 'ledger:read');
    await expect(reader.api.ApproveAdjustment(decision)).rejects.toMatchObject({ code: 'forbidden' });
    expect(await reader.api.ListAdjustments({ status: 'posted', pageSize: 1, cursor: '' })).toMatchObject({
      adjustments: [{ adjustmentId }],
    });
  });
});

describe('what cannot be asked for', () => {
  const refused = async (amount: unknown, more: object = {}) =>
    ask({
      template: 'grant',
      customerId: 'cus_1',
      reasonId: 'promotion',
      amount: { amount, currency: 'CNY' },
      ...more,
    });

  it.each([
    ['of zero', '0'],
    ['below zero', '-1'],
    ['with 19 decimals', '0.0000000000000000001'],
    ['of 10,000 digits', '9'.repeat(10_000)],
    ['with an exponent', '1e5'],
    ['that is a number', 1.5],
  ])('names the field of an amount %s', async (_what, amount) => {
    expect(await refused(amount)).toMatchObject({
      status: 400,
      body: {
        code: 'invalid-request',
        field: expect.stringContaining('amount'),
        remedy: expect.any(String),
      },
    });
  });

  it('is answered where it is not JSON, has no reason, or names an unknown account or currency', async () => {
    expect(await anna.post('/v1/adjustments', '{ not json')).toMatchObject({ status: 400 });
    const { customerId } = await ledger.wallet('1');
    const adjustment = {
      template: 'grant',
      customerId,
      reasonId: 'promotion',
      amount: { amount: '1', currency: 'USD' },
    };
    expect(await anna.post('/v1/adjustments', { reason: '', adjustment })).toMatchObject({
      status: 400,
      body: { field: 'reason' },
    });
    expect(await done(adjustment)).toMatchObject({
      status: 422,
      body: { code: 'currency-mismatch', expected: 'CNY', actual: 'USD' },
    });
    expect(await done({ ...adjustment, customerId: 'cus_nobody' })).toMatchObject({
      status: 404,
      body: { code: 'unknown-account', field: 'customerId' },
    });
  });
});
