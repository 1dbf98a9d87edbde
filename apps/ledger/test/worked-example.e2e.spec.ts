import { type Event, type EventOf, type RefundReserved, type TopicName, topics } from '@app/contracts';
import { newId } from '@app/persistence';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  aBill,
  aCost,
  aFee,
  aFeeReturned,
  anAssignment,
  anExternalRefund,
  aReturn,
  aSettlement,
  aSuspense,
} from './channel-events.ts';
import { aCharge, aCustomer, anItemFailed, anItemPaid, aRefund, aTopUp } from './events.ts';
import { ledgerService, type ServiceForSpecs } from './service-for-specs.ts';

type Person = ReturnType<ServiceForSpecs['someone']>;

let ledger: ServiceForSpecs;
let anna: Person;
let bo: Person;
const scopes = 'adjustments:request adjustments:approve ledger:read ledger:post holds:write';
const cny = (amount: string) => ({ amount, currency: 'CNY' });

beforeAll(async () => {
  ledger = await ledgerService(
    'ledger-worked-example',
    20_000 + ((process.pid + 11_000) % 20_000),
    (environment) => Object.assign(process.env, environment),
  );
  anna = ledger.someone('anna', scopes);
  bo = ledger.someone('bo', scopes);
}, 60_000);

afterAll(() => ledger.close(), 30_000);

/** The balance of each account, by its normal side or not: what was debited less what was credited. */
async function balances(): Promise<Readonly<Record<string, string>>> {
  const { lines, totals } = await bo.api.GetTrialBalance({});
  expect(totals).toEqual([expect.objectContaining({ currency: 'CNY', difference: '0' })]);
  const rows = await ledger.database.query<{ account: string; balance: string }>(
    `SELECT account, trim_scale(debit - credit)::text AS balance
       FROM unnest($1::text[], $2::numeric[], $3::numeric[]) AS line (account, debit, credit)`,
    [lines.map(({ account }) => account), lines.map(({ debit }) => debit), lines.map(({ credit }) => credit)],
  );
  return Object.fromEntries(rows.map(({ account, balance }) => [account, balance]));
}

/** Tells the ledger of something and waits until the book has an entry of it; the trial balance is zero after each step. */
async function step(topic: TopicName, event: Event): Promise<void> {
  await ledger.publish(topic, event);
  await ledger.recorded(event.subject, event.id);
  await balances();
}

async function byHand(adjustment: object): Promise<void> {
  const asked = await anna.post('/v1/adjustments', { reason: 'as agreed by phone', adjustment });
  const decision = { payloadSha256: asked.body['payloadSha256'], reason: 'checked the papers' };
  const path = `/v1/adjustments/${String(asked.body['adjustmentId'])}/approve`;
  expect(await bo.post(path, decision)).toMatchObject({ status: 200, body: { status: 'posted' } });
  await balances();
}

const opened = async (): Promise<string> => {
  const customerId = newId('cus');
  await ledger.publish(topics.customers.name, aCustomer(customerId));
  await ledger.entriesReached(customerId, 1);
  return customerId;
};
const credited = async (amount: string, channel: string) => {
  const customerId = await opened();
  const topUpId = newId('top');
  await step(topics.topUps.name, aTopUp(customerId, topUpId, amount, channel));
  return { customerId, topUpId };
};
const held = async (customerId: string, amount: string): Promise<string> => {
  const holdId = newId('hold');
  const none = { callId: '', keyId: '', expiresAt: '', leaseId: '', limits: [] };
  const { hold } = await bo.api.PlaceHold({ holdId, customerId, amount: cny(amount), ...none });
  expect(hold).toBeDefined();
  return holdId;
};
const settled = (customerId: string, holdId: string, charge: string) =>
  bo.api.SettleHold({ holdId, customerId, chargeId: newId('call'), charge: cny(charge), occurredAt: '' });
const wallet = async (customerId: string, paid: string, granted = '0'): Promise<void> => {
  const balance = await bo.api.GetBalance({ customerId, asOf: '' });
  expect(balance).toMatchObject({ paid, granted, held: '0' });
};
const reserved = async (customerId: string, refundId: string, amount?: string) => {
  await step(topics.refunds.name, aRefund(customerId, refundId, amount));
  const { items } = JSON.parse(await ledger.announced(`${refundId}:reserved`)) as EventOf<
    typeof RefundReserved
  >['data'];
  const [item] = items;
  if (item === undefined) throw new Error(`${refundId} was not reserved`);
  return item;
};

describe('the worked example, through Kafka, gRPC and REST', () => {
  it('A: pays in, is given credit, calls, and gets a refund of which one part fails', async () => {
    const customerId = await opened();
    await byHand({
      template: 'opening-balance',
      customerId,
      channel: 'bank',
      paid: '12.345678',
      granted: '0',
      currency: 'CNY',
    });
    await step(topics.topUps.name, aTopUp(customerId, newId('top'), '100'));
    const feeId = newId('fee');
    await step(topics.topUps.name, aFee(feeId, 'wechat-pay', '0.6', customerId));
    await byHand({ template: 'grant', customerId, amount: cny('5'), reasonId: 'promotion' });
    await wallet(customerId, '112.345678', '5');
    expect(await settled(customerId, await held(customerId, '8'), '2')).toMatchObject({ collected: '2' });
    await wallet(customerId, '112.345678', '3');
    expect(await settled(customerId, await held(customerId, '3.5'), '3.8')).toMatchObject({
      collected: '3.8',
    });
    await wallet(customerId, '111.545678');
    const paid = newId('ref');
    await step(topics.refunds.name, anItemPaid(customerId, paid, await reserved(customerId, paid, '40')));
    const failed = newId('ref');
    const item = await reserved(customerId, failed, '10');
    await wallet(customerId, '61.545678');
    await step(topics.refunds.name, anItemFailed(customerId, failed, item));
    await step(topics.topUps.name, aFeeReturned(feeId, 'wechat-pay', '0.24', customerId));
    await wallet(customerId, '71.545678');
  });

  it('B: calls for more than there is, and the rest is uncollected', async () => {
    const { customerId } = await credited('1', 'wechat-pay');
    const answer = await settled(customerId, await held(customerId, '1'), '1.3');
    expect(answer).toMatchObject({ charge: '1.3', collected: '1', uncollected: '0.3' });
    await wallet(customerId, '0');
  });

  it('C: was charged too much, which is corrected and compensated', async () => {
    const { customerId } = await credited('50', 'bank');
    const chargeId = newId('call');
    await step(topics.rated.name, aCharge(customerId, chargeId, '30'));
    await byHand({
      template: 'correction',
      customerId,
      chargeId,
      reasonId: 'double-count',
      charge: cny('20'),
    });
    await byHand({ template: 'compensation', customerId, chargeId, reasonId: 'slow', amount: cny('1') });
    await wallet(customerId, '30', '1');
  });

  it('D: has a payment charged back that is mostly used up', async () => {
    const { customerId, topUpId } = await credited('100', 'alipay');
    await step(topics.rated.name, aCharge(customerId, newId('call'), '90'));
    await step(topics.refunds.name, anExternalRefund(customerId, topUpId, '100'));
    await wallet(customerId, '0');
    expect((await balances())['receivable:shortfall']).toBe('90');
  });

  it('E: closes the account and gets a hundredth part rounded up', async () => {
    const { customerId } = await credited('100', 'alipay');
    await step(topics.rated.name, aCharge(customerId, newId('call'), '87.654322'));
    const refundId = newId('ref');
    const item = await reserved(customerId, refundId);
    expect(item.amount).toEqual(cny('12.35'));
    await step(topics.refunds.name, anItemPaid(customerId, refundId, item));
    await wallet(customerId, '0');
  });

  it('the platform: upstream cost and its bill, suspense assigned and returned, a settlement that leaves nothing', async () => {
    await step(topics.rated.name, aCost(newId('cost'), '3.85'));
    await step(topics.topUps.name, aBill(newId('bill'), '3.85', '3.85'));
    const owner = await opened();
    const [found, unknown] = [newId('sus'), newId('sus')];
    await step(topics.topUps.name, aSuspense(found, 'bank', '500'));
    const assignment = { topUpId: newId('top'), channel: 'bank', amount: '500' };
    await step(topics.topUps.name, anAssignment(owner, found, assignment));
    await wallet(owner, '500');
    expect(await bo.api.ListLots({ customerId: owner })).toMatchObject({
      lots: [{ topUpId: assignment.topUpId, channel: 'bank', remaining: '500' }],
    });
    await step(topics.topUps.name, aSuspense(unknown, 'bank', '500'));
    await step(topics.topUps.name, aReturn(unknown, 'bank', '500'));
    expect((await balances())['clearing:wechat-pay']).toBe('60.64');
    await step(topics.topUps.name, aSettlement(newId('set'), 'wechat-pay', '60.64'));
    expect(await balances()).toEqual({
      'clearing:alipay': '87.65',
      'clearing:bank': '606.79',
      'clearing:wechat-pay': '0',
      'expense:channel-fees': '0.36',
      'expense:compensation': '1',
      'expense:promotion': '5',
      'expense:rounding': '0.004322',
      'expense:uncollected': '0.3',
      'expense:upstream': '3.85',
      opening: '12.345678',
      'payable:upstream:openai': '0',
      'receivable:shortfall': '90',
      'refunds:pending': '0',
      'revenue:usage:granted': '-5',
      'revenue:usage:paid': '-199.454322',
      'revenue:usage:uncollected': '-0.3',
      'suspense:bank': '0',
      'wallet:*:granted': '-1',
      'wallet:*:paid': '-601.545678',
    });
    expect(await bo.api.Rebuild({}, { timeoutMs: 30_000 })).toMatchObject({
      agrees: true,
      chainVerified: true,
    });
  });
});

describe('what channels and banks did', () => {
  it('is recorded once, whoever tells it, and parked where the second telling differs', async () => {
    const feeId = newId('fee');
    await step(topics.topUps.name, aFee(feeId, 'wechat-pay', '0.1'));
    await ledger.publish(
      topics.topUps.name,
      aFee(feeId, 'wechat-pay', '0.1'),
      aFee(feeId, 'wechat-pay', '0.2'),
    );
    expect(await ledger.parked(`${feeId}:taken`)).toMatchObject({ kind: 'conflict' });
    const adjustment = { template: 'channel-fee', channel: 'wechat-pay', amount: cny('0.1'), feeId };
    const asked = await anna.post('/v1/adjustments', { reason: 'did not know of the event', adjustment });
    const decision = { payloadSha256: asked.body['payloadSha256'], reason: 'did not know either' };
    const path = `/v1/adjustments/${String(asked.body['adjustmentId'])}/approve`;
    expect(await bo.post(path, decision)).toMatchObject({ status: 409, body: { code: 'conflict' } });
  });

  it.each<[string, Event, RegExp]>([
    [
      'suspense in a customer’s book',
      wrongBook(aSuspense(newId('sus'), 'bank', '1')),
      /no book of the platform/,
    ],
    ['an amount of zero', aSettlement(newId('set'), 'wechat-pay', '0'), /invalid-amount/],
    [
      'another currency than that of the book',
      inDollars(aFee(newId('fee'), 'wechat-pay', '1')),
      /currency-mismatch/,
    ],
  ])('is parked with the reason where it is %s', async (_case, event, reason) => {
    await ledger.publish(topics.topUps.name, event);
    expect((await ledger.parked(event.id)).reason).toMatch(reason);
  });

  it('opens no lot a second time for one payment', async () => {
    const { customerId, topUpId } = await credited('5', 'bank');
    const event = anAssignment(customerId, newId('sus'), { topUpId, channel: 'bank', amount: '5' });
    await ledger.publish(topics.topUps.name, event);
    expect((await ledger.parked(event.id)).reason).toMatch(/lot-exists/);
    await wallet(customerId, '5');
  });

  it('sends nothing back twice through one payment, though a correction filled its lot again', async () => {
    const { customerId, topUpId } = await credited('10', 'alipay');
    const chargeId = newId('call');
    await step(topics.rated.name, aCharge(customerId, chargeId, '10'));
    await step(topics.refunds.name, anExternalRefund(customerId, topUpId, '4'));
    await byHand({
      template: 'correction',
      customerId,
      chargeId,
      reasonId: 'double-count',
      charge: cny('3'),
    });
    await wallet(customerId, '7');
    expect(await bo.api.ListLots({ customerId })).toMatchObject({ lots: [{ used: '3', remaining: '7' }] });
    const refundId = newId('ref');
    await ledger.publish(topics.refunds.name, aRefund(customerId, refundId, '7'));
    expect(JSON.parse(await ledger.announced(`${refundId}:refused`))).toMatchObject({
      code: 'exceeds-refundable',
      refundable: cny('6'),
    });
  });
});

function wrongBook(event: ReturnType<typeof aSuspense>): Event {
  return { ...event, data: { ...event.data, bookId: 'cus_1' } };
}

function inDollars(event: ReturnType<typeof aFee>): Event {
  return { ...event, data: { ...event.data, amount: { amount: '1', currency: 'USD' } } };
}
