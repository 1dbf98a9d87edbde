import { readCanonicalBytes } from '@app/bookkeeping';
import { topics } from '@app/contracts';
import { Units18 } from '@app/money';
import { newId } from '@app/persistence';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { anExternalRefund } from './channel-events.ts';
import { aCharge, aCustomer, aRefund, aTopUp } from './events.ts';
import { ledgerProcess, type Surroundings, surroundings } from './ledger-process.ts';
import { appears } from './service-for-specs.ts';

let around: Surroundings;

beforeAll(async () => {
  around = await surroundings('ledger-replicas');
}, 60_000);

afterAll(() => around.close());

const startTwo = () => Promise.all([ledgerProcess(around.environment), ledgerProcess(around.environment)]);
const cny = (amount: string) => ({ amount, currency: 'CNY' });
const none = { callId: '', expiresAt: '', leaseId: '' };
const settledDown = async (customerId: string, eventIds: readonly string[]): Promise<void> => {
  const sql = `SELECT 1 FROM (SELECT count(*) AS known FROM entry WHERE book_id = $1 AND event_id = ANY($2::text[])) e
                WHERE known = $3`;
  await appears(around.database, sql, [customerId, eventIds, eventIds.length]);
};

describe('two ledgers on one database, of which one is killed among holds, charges, a charge-back and a refund', () => {
  it('lose nothing, do nothing twice, and spend no budget and no wallet twice', async () => {
    const { database, publish } = around;
    const [one, two] = await startTwo();
    const [first, second] = [one, two].map(
      (ledger) => around.someone(ledger, 'gateway', 'holds:write ledger:read').api,
    );
    if (first === undefined || second === undefined) throw new Error('there are two');
    const customerId = newId('cus');
    const topUps = Array.from({ length: 5 }, () => aTopUp(customerId, newId('top'), '20'));
    await publish(topics.customers.name, aCustomer(customerId));
    await publish(topics.topUps.name, ...topUps);
    await settledDown(
      customerId,
      topUps.map(({ id }) => id),
    );

    const limits = [{ owner: 'key', window: 'total', limit: '10' }];
    const attempts = Array.from({ length: 60 }, (_, n) => {
      const request = {
        ...none,
        holdId: newId('hold'),
        customerId,
        keyId: 'key_1',
        amount: cny('1'),
        limits,
      };
      const gateway = n % 2 === 0 ? first : second;
      return gateway
        .PlaceHold(request, { timeoutMs: 15_000 })
        .then(({ hold }) => (hold === undefined ? 'refused' : request.holdId))
        .catch(() => 'unanswered');
    });
    const charges = Array.from({ length: 40 }, () => aCharge(customerId, newId('use'), '0.5'));
    const named = topUps[4]?.data.topUpId ?? '';
    const forced = anExternalRefund(customerId, named, '7', 'wechat-pay');
    const refund = aRefund(customerId, newId('ref'), '12.34');
    await Promise.all([
      publish(topics.rated.name, ...charges),
      publish(topics.refunds.name, forced, refund),
      new Promise((resolve) => setTimeout(resolve, 150)).then(() => one.kill()),
    ]);
    const answers = await Promise.all(attempts);
    await publish(topics.rated.name, ...charges);
    await settledDown(
      customerId,
      [...charges, forced, refund].map(({ id }) => id),
    );

    const placed = answers.filter((answer) => answer.startsWith('hold_'));
    const rows = await database.query<{ hold_id: string }>('SELECT hold_id FROM hold WHERE book_id = $1', [
      customerId,
    ]);
    const held = rows.map(({ hold_id: holdId }) => holdId);
    expect(held).toEqual(expect.arrayContaining(placed));
    expect(held.length).toBeLessThanOrEqual(10);
    if (!answers.includes('unanswered')) expect(held.length).toBe(10);
    const more = await Promise.all(
      Array.from({ length: 12 - held.length }, () =>
        second.PlaceHold({
          ...none,
          holdId: newId('hold'),
          customerId,
          keyId: 'key_1',
          amount: cny('1'),
          limits,
        }),
      ),
    );
    expect(more.filter((answer) => answer.hold !== undefined).length).toBe(10 - held.length);
    const balance = await second.GetBalance({ customerId, asOf: '' });
    expect(balance).toMatchObject({ paid: '60.66', held: '10', available: '50.66' });
    const report = await second.Rebuild({}, { timeoutMs: 30_000 });
    expect(report).toMatchObject({ agrees: true, chainVerified: true });
    const { totals } = await second.GetTrialBalance({});
    expect(totals).toMatchObject([{ difference: '0' }]);
    await two.stop();
  }, 120_000);
});

describe('two ledgers on one database, of which one is frozen among charges until the other has taken over', () => {
  it('charge everything once, and the one that wakes up knows nothing better than the database', async () => {
    const { database, publish } = around;
    const [one, two] = await startTwo();
    const [sleeper, other] = [one, two].map(
      (ledger) => around.someone(ledger, 'gateway', 'holds:write ledger:read').api,
    );
    if (sleeper === undefined || other === undefined) throw new Error('there are two');
    const customers = Array.from({ length: 6 }, () => newId('cus'));
    const hold = (api: typeof sleeper, customerId: string, amount: string) =>
      api.PlaceHold(
        { ...none, holdId: newId('hold'), customerId, keyId: '', amount: cny(amount), limits: [] },
        { timeoutMs: 30_000 },
      );
    await publish(topics.customers.name, ...customers.map((customerId) => aCustomer(customerId)));
    await publish(
      topics.topUps.name,
      ...customers.map((customerId) => aTopUp(customerId, newId('top'), '100')),
    );
    for (const customerId of customers) {
      await appears(database, `SELECT 1 FROM book_head WHERE book_id = $1 AND version >= 2`, [customerId]);
      // The one that will sleep has every book in memory, and ten of each are held.
      expect((await hold(sleeper, customerId, '10')).hold).toBeDefined();
    }

    const charges = customers.flatMap((customerId) =>
      Array.from({ length: 50 }, () => aCharge(customerId, newId('use'), '1')),
    );
    const told = publish(topics.rated.name, ...charges);
    one.freeze();
    await told;
    for (const customerId of customers)
      await settledDown(
        customerId,
        charges.filter(({ subject }) => subject === customerId).map(({ id }) => id),
      );
    for (const customerId of customers) expect((await hold(other, customerId, '30')).hold).toBeDefined();
    one.goOn();
    await publish(topics.rated.name, ...charges.slice(0, 100));

    for (const customerId of customers) {
      // Of 100, 50 are charged, 10 and 30 are held: what it remembers would let 90 pass.
      expect(await hold(sleeper, customerId, '10.01')).toMatchObject({
        refusal: { code: 'insufficient-funds', available: '10' },
      });
      expect((await hold(sleeper, customerId, '10')).hold).toMatchObject({ availableAfter: '0' });
      expect(await other.GetBalance({ customerId, asOf: '' })).toMatchObject({ paid: '50', available: '0' });
    }
    const report = await other.Rebuild({}, { timeoutMs: 30_000 });
    expect(report).toMatchObject({ agrees: true, chainVerified: true });
    await Promise.all([one.stop(), two.stop()]);
  }, 180_000);
});

describe('corrections that two people send to two ledgers at the same time', () => {
  const scopes = 'adjustments:request adjustments:approve ledger:read';
  const correction = (customerId: string, chargeId: string, charge: string) => ({
    reason: 'the price was wrong',
    adjustment: {
      template: 'correction',
      customerId,
      chargeId,
      reasonId: 'wrong-price',
      charge: cny(charge),
    },
  });

  it('have one effect each, each on the charge as the one before left it', async () => {
    const { database, publish } = around;
    const ledgers = await startTwo();
    const [one, two] = ledgers;
    const [asker, otherAsker] = [around.someone(one, 'anna', scopes), around.someone(two, 'anna', scopes)];
    const [checker, otherChecker] = [around.someone(one, 'bo', scopes), around.someone(two, 'bo', scopes)];
    const [customerId, chargeId] = [newId('cus'), newId('use')];
    const topUp = aTopUp(customerId, newId('top'), '100');
    const charge = aCharge(customerId, chargeId, '30');
    await publish(topics.customers.name, aCustomer(customerId));
    await publish(topics.topUps.name, topUp);
    await settledDown(customerId, [topUp.id]);
    await publish(topics.rated.name, charge);
    await settledDown(customerId, [charge.id]);

    const asked = await Promise.all(
      ['20', '19', '18', '17.5', '16', '31'].map((amount, n) =>
        (n % 2 === 0 ? asker : otherAsker).post('/v1/adjustments', correction(customerId, chargeId, amount)),
      ),
    );
    // Each is approved six times at once, by either ledger, under keys of its own.
    const answers = await Promise.all(
      asked.flatMap((adjustment) =>
        Array.from({ length: 6 }, (_, n) =>
          (n % 2 === 0 ? checker : otherChecker).post(
            `/v1/adjustments/${String(adjustment.body['adjustmentId'])}/approve`,
            {
              payloadSha256: adjustment.body['payloadSha256'],
              reason: 'checked the invoice',
            },
          ),
        ),
      ),
    );
    expect(answers.filter((answer) => ![200, 409].includes(answer.status))).toEqual([]);
    expect(answers.filter((answer) => answer.status === 200).length).toBeGreaterThanOrEqual(asked.length);

    const entries = await database.query<{ canonical: Buffer }>(
      `SELECT canonical FROM entry WHERE book_id = $1 AND kind = 'correction' ORDER BY version`,
      [customerId],
    );
    const memos = entries.map(({ canonical }) => {
      const entry = readCanonicalBytes(canonical);
      if (entry.kind !== 'correction') throw new Error('it is a correction');
      return {
        before: Units18.toText(entry.memo.before.charge),
        after: Units18.toText(entry.memo.after.charge),
      };
    });
    expect(memos.map(({ after }) => after).sort()).toEqual(['16', '17.5', '18', '19', '20', '31']);
    expect(memos.map(({ before }) => before)).toEqual([
      '30',
      ...memos.slice(0, -1).map(({ after }) => after),
    ]);
    const stands = memos.at(-1)?.after ?? '';
    expect(await asker.get(`/v1/customers/${customerId}/charges/${chargeId}`)).toMatchObject({
      body: { charge: stands, paid: stands },
    });
    const left = Units18.toText(Units18.subtract(Units18.fromText('100'), Units18.fromText(stands)));
    expect(await asker.get(`/v1/customers/${customerId}/balance`)).toMatchObject({ body: { paid: left } });
    const report = await otherAsker.api.Rebuild({}, { timeoutMs: 30_000 });
    expect(report).toMatchObject({ agrees: true, chainVerified: true });
    await Promise.all(ledgers.map((ledger) => ledger.stop()));
  }, 120_000);
});
