import { randomUUID } from 'node:crypto';
import { newId } from '@app/persistence';
import { decided, finance } from './finance-people.ts';
import { reservedRefund } from './reserved-refund.ts';
import { SandboxProcess } from './provider-sandbox.ts';
import { freshDatabase, testServers, topicPrefix } from '@app/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  eventually,
  type HttpAnswer,
  type Payments,
  published,
  publishedEvent,
  type Sandboxes,
  startPayments,
  usualWay,
} from './payments-process.ts';

const beijingOffsetMs = 8 * 3_600_000;
const dayMs = 24 * 3_600_000;

const settlementPayers = { 'wechat-pay': '财付通支付科技有限公司', alipay: '支付宝支付科技有限公司' };

let payments: Payments;
let bank: SandboxProcess;

interface FoundBreak {
  readonly breakId: string;
  readonly class: string;
  readonly number: string;
  readonly reference: string;
  readonly theirs: string | null;
  readonly ours: string | null;
  readonly resolution: string | null;
}
interface Day {
  readonly status: string;
  readonly figures: Readonly<Record<string, unknown>> & {
    readonly closing: string;
    readonly opening: string;
  };
  readonly breaks: readonly FoundBreak[];
}

/** The day in Beijing, by the clock of the specs. */
const today = (): string =>
  new Date(payments.clock.now().getTime() + beijingOffsetMs).toISOString().slice(0, 10);

/** Until eleven in the morning of the day after. */
const nightPasses = (): Promise<void> => {
  const now = payments.clock.now().getTime() + beijingOffsetMs;
  return payments.letPass(Math.ceil((Math.ceil(now / dayMs) * dayMs + 11 * 3_600_000 - now) / 1000));
};

const classesOf = (breaks: readonly FoundBreak[]): readonly string[] => breaks.map((one) => one.class).sort();

beforeAll(async () => {
  bank = await SandboxProcess.start('bank');
  payments = await startPayments(process.env, {
    KAFKA_BROKERS: testServers().kafkaBrokers,
    KAFKA_TOPIC_PREFIX: topicPrefix(),
    PAYMENTS_DATABASE_URL: await freshDatabase('payments'),
    PAYMENTS_RECONCILE_INTERVAL_MS: '200',
  });
}, 60_000);
afterEach(async () => {
  await Promise.all(Object.values(payments.sandboxes).map((one) => one.clearFaults()));
});
afterAll(async () => {
  await bank.close();
  await payments.close();
});

describe.each(['wechat-pay', 'alipay'] as const)(
  'the daily comparison with %s',
  (channel: keyof Sandboxes) => {
    const sandbox = () => payments.sandboxes[channel];

    const order = async (customerId: string, amount: string): Promise<string> => {
      const { topUpId } = await payments.grpc.StartTopUp({
        ...{ customerId, channel, amount, currency: 'CNY', idempotencyKey: randomUUID(), ...usualWay },
      });
      return topUpId;
    };
    const paid = async (customerId: string, amount: string): Promise<string> => {
      const topUpId = await order(customerId, amount);
      await sandbox().pay(topUpId);
      await publishedEvent(`${topUpId}:settled`);
      return topUpId;
    };
    const report = (day: string): Promise<HttpAnswer> =>
      payments.call(`/v1/reconciliations/${channel}/${day}`, finance);
    /** The report of a day, once the service has compared it by itself. */
    const compared = (day: string): Promise<Day> =>
      eventually(async () => {
        const { status, body } = await report(day);
        return status === 200 ? (body as unknown as Day) : undefined;
      });
    /** The day ends, and is compared. */
    const ended = async (): Promise<Day> => {
      const day = today();
      await nightPasses();
      return compared(day);
    };
    const again = async (day: string): Promise<Day> => {
      await eventually(async () => {
        const { status } = await payments.call(`/v1/reconciliations/${channel}/${day}`, finance, {});
        return status === 200 ? true : undefined;
      });
      return compared(day);
    };
    const resolved = (breakId: string, resolution: string): Promise<HttpAnswer> =>
      decided(payments, { kind: 'resolve-break', breakId, resolution });
    /** What the channel paid out comes to our bank, and its statement to us. */
    const arrives = async (fen: number): Promise<void> => {
      const partyName = settlementPayers[channel];
      await bank.ask('/__sandbox/transfer', { fen, partyName, partyAccount: '0', memo: '结算' });
      const { content } = await bank.ask('/statement?format=csv');
      const answer = await payments.call('/v1/banks/bank-spec/statements', finance, { content });
      expect(answer.body).toMatchObject({ lines: { settlement: 1 } });
    };
    const yuan = async (): Promise<string> => String((await sandbox().balance()) / 100);

    it('finds nothing where both sides say the same, tells the ledger of fees and settlements once, and closes with the provider’s balance', async () => {
      const customerId = newId('cus');
      const day = today();
      const first = await paid(customerId, '50');
      await paid(customerId, '30');
      await sandbox().withdraw(1_000);
      await arrives(1_000);
      const { status, figures, breaks } = await ended();
      expect(breaks).toEqual([]);
      expect(status).toBe('unconfirmed');
      expect(figures).toMatchObject({
        payments: { theirs: { count: 2, sum: '80' }, ours: { count: 2, sum: '80' } },
        fees: { taken: '0.48', returned: '0' },
        settled: '10',
      });
      expect(figures.closing).toBe(await yuan());
      const taken = (await eventually(() => {
        const found = published.filter((one) => one.type === 'ChannelFeeTaken' && one.subject === customerId);
        return found.length === 2 ? found : undefined;
      })) as readonly { data: unknown }[];
      expect(taken.map(({ data }) => data)).toMatchObject([
        { bookId: customerId, channel, amount: { amount: '0.3', currency: 'CNY' } },
        { bookId: customerId, channel, amount: { amount: '0.18', currency: 'CNY' } },
      ]);
      const settled = () =>
        published.filter((one) => one.type === 'ChannelSettled' && JSON.stringify(one).includes(channel));
      expect(settled()).toMatchObject([{ data: { channel, bank: 'bank-spec', amount: { amount: '10' } } }]);
      const before = published.length;
      await again(day);
      // Whatever was published after this order has come, so would a second fee have.
      await paid(newId('cus'), '1');
      expect(published.slice(before).filter(({ type }) => type !== 'TopUpSettled')).toEqual([]);
      expect(first).not.toBe('');
    });

    it('credits what the bill has and nobody told us of, by the provider’s signed answer', async () => {
      const topUpId = await order(newId('cus'), '25');
      await sandbox().fault('loseNotification');
      // Nobody asks by themselves either.
      await payments.database.query('UPDATE top_up SET check_at = NULL WHERE top_up_id = $1', [topUpId]);
      await sandbox().pay(topUpId);
      const { breaks } = await ended();
      expect(breaks).toMatchObject([
        { class: 'missing-here', number: topUpId, theirs: '25', ours: null, resolution: 'credited-by-query' },
      ]);
      const settled = await publishedEvent(`${topUpId}:settled`);
      expect(settled.data).toMatchObject({ paid: { amount: '25', currency: 'CNY' } });
    });

    it('leaves a payment that no order explains to two people, who put it into suspense once', async () => {
      const { outTradeNo, transactionId } = await sandbox().paidElsewhere(7_700);
      const { breaks, status } = await ended();
      expect(status).toBe('open');
      expect(breaks).toMatchObject([
        { class: 'missing-here', number: outTradeNo, theirs: '77', proposed: 'suspend', resolution: null },
      ]);
      const breakId = breaks[0]?.breakId ?? '';
      expect(await resolved(breakId, 'external-refund')).toMatchObject({ status: 409 });
      expect(await resolved(breakId, 'suspend')).toMatchObject({ status: 200 });
      expect(await resolved(breakId, 'suspend')).toMatchObject({ status: 409 });
      await eventually(() =>
        published.find(
          (one) =>
            one.type === 'SuspenseReceived' && JSON.stringify(one.data).includes(`"channel":"${channel}"`),
        ),
      );
      const { body } = await payments.call('/v1/suspense?limit=500', finance);
      expect(body['suspense']).toEqual(
        expect.arrayContaining([
          expect.objectContaining({
            sourceId: `${channel}:${transactionId ?? ''}`,
            reason: 'unknown-payment',
          }),
        ]),
      );
      const { body: audit } = await payments.call(`/v1/audit?subjectId=${breakId}`, finance);
      const deeds = audit['deeds'] as readonly { actor: string; action: string }[];
      expect(deeds.map(({ actor, action }) => `${actor}: ${action}`)).toContain(
        'chen: approve resolve-break',
      );
    });

    it('finds a refund that we did not make, which two people charge to the customer once', async () => {
      const customerId = newId('cus');
      const topUpId = await paid(customerId, '40');
      await sandbox().refundInConsole(topUpId, 1_500);
      const day = today();
      const { breaks } = await ended();
      expect(breaks).toMatchObject([{ class: 'unknown-refund', number: topUpId, theirs: '15', ours: null }]);
      const breakId = breaks[0]?.breakId ?? '';
      await resolved(breakId, 'external-refund');
      const found = await publishedEvent(`ext_${breakId}:found`);
      expect(found).toMatchObject({
        type: 'ExternalRefundFound',
        subject: customerId,
        data: { topUpId, customerId, channel, amount: { amount: '15', currency: 'CNY' } },
      });
      const after = await again(day);
      expect(after.breaks).toMatchObject([{ resolution: 'external-refund' }]);
      expect(after.figures.closing).toBe(await yuan());
    });

    it('finds what a bill leaves out, and that the bill has it once it was given out anew', async () => {
      const topUpId = await paid(newId('cus'), '12');
      await sandbox().fault('billOmit', { on: 'tradeBill' });
      const day = today();
      const { breaks } = await ended();
      expect(classesOf(breaks)).toEqual(['fund-differs', 'missing-there']);
      expect(breaks).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ class: 'missing-there', number: topUpId, theirs: null, ours: '12' }),
        ]),
      );
      const after = await again(day);
      expect(after.status).toBe('unconfirmed');
      expect(after.breaks.map(({ resolution }) => resolution).sort()).toEqual([
        'found-in-another-bill',
        'no-longer-so',
      ]);
    });

    it('knows a payment near midnight by the bill of the day after', async () => {
      const topUpId = await paid(newId('cus'), '11');
      const day = today();
      await payments.database.query(
        `UPDATE top_up SET paid_at = ($2::date)::timestamp AT TIME ZONE 'Asia/Shanghai' - interval '1 second'
          WHERE top_up_id = $1`,
        [topUpId, day],
      );
      expect((await ended()).breaks).toEqual([]);
      const before = new Date(new Date(day).getTime() - dayMs).toISOString().slice(0, 10);
      const numbers = (await again(before)).breaks.map(({ number }) => number);
      expect(numbers).not.toContain(topUpId);
    });

    it('finds an amount that differs, and that money moved otherwise than it was traded', async () => {
      const topUpId = await paid(newId('cus'), '13');
      await sandbox().fault('billAlter', { on: 'tradeBill', value: 1 });
      const { breaks } = await ended();
      expect(breaks).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ class: 'amount-differs', number: topUpId, theirs: '13.01', ours: '13' }),
          expect.objectContaining({ class: 'fund-differs', theirs: '13', ours: '13.01' }),
        ]),
      );
      for (const { breakId } of breaks)
        expect(await resolved(breakId, 'explain')).toMatchObject({ status: 200 });
    });

    it('finds a line that the bill has twice', async () => {
      const topUpId = await paid(newId('cus'), '14');
      await sandbox().fault('billDuplicate', { on: 'tradeBill' });
      const { breaks } = await ended();
      expect(classesOf(breaks)).toEqual(['duplicate', 'fund-differs']);
      expect(breaks.find((one) => one.class === 'duplicate')).toMatchObject({
        number: topUpId,
        theirs: '28',
      });
    });

    /** A refund of a payment that was compared on a day before. */
    const refundedLater = async (): Promise<string> => {
      const customerId = newId('cus');
      const topUpId = await paid(customerId, '20');
      await ended();
      const { itemId, number } = await reservedRefund(payments, customerId, [
        { topUpId, channel, amount: '5' },
      ]);
      const isThere = async () =>
        (await sandbox().refunds()).find((one) => one.outRefundNo === number && one.status !== 'CLOSED');
      if ((await eventually(isThere)).status === 'PROCESSING') await sandbox().endRefund(number);
      await publishedEvent(`${itemId}:paid`);
      return number;
    };
    const keyed = (breaks: readonly FoundBreak[], kind: string) => breaks.find((one) => one.class === kind);

    it('finds a refund that we believe paid and the bill does not have, until it has', async () => {
      await refundedLater();
      await sandbox().fault('billOmit', { on: 'tradeBill' });
      const day = today();
      const { breaks } = await ended();
      expect(classesOf(breaks)).toEqual(['fund-differs', 'refund-missing-there']);
      expect(keyed(breaks, 'refund-missing-there')).toMatchObject({ theirs: null, ours: '5' });
      const after = await again(day);
      expect(after.breaks.map(({ resolution }) => resolution).sort()).toEqual([
        'found-in-another-bill',
        'no-longer-so',
      ]);
    });

    it('finds a payment that we believe sent back and the bill does not have', async () => {
      const customerId = newId('cus');
      const topUpId = await order(customerId, '21');
      await sandbox().fault('wrongAmount', { on: 'notification', value: 100 });
      const { transactionId: providerReference } = await sandbox().pay(topUpId);
      await ended();
      const question = { kind: 'resolve-payment', topUpId, providerReference, resolution: 'pay-back' };
      expect(await decided(payments, question)).toMatchObject({ status: 200 });
      const sent = await eventually(async () =>
        (await sandbox().refunds()).find((one) => one.outTradeNo === topUpId),
      );
      if (sent.status === 'PROCESSING') await sandbox().endRefund(sent.outRefundNo);
      await payments.letPass(61);
      await eventually(async () => {
        const [gone] = await payments.database.query(
          `SELECT 1 FROM pay_back WHERE top_up_id = $1 AND status = 'paid'`,
          [topUpId],
        );
        return gone;
      });
      await sandbox().fault('billOmit', { on: 'tradeBill' });
      const day = today();
      const { breaks } = await ended();
      expect(classesOf(breaks)).toEqual(['fund-differs', 'refund-missing-there']);
      expect(keyed(breaks, 'refund-missing-there')).toMatchObject({
        number: topUpId,
        theirs: null,
        ours: '22',
      });
      expect((await again(day)).breaks.every(({ resolution }) => resolution !== null)).toBe(true);
    });

    it('finds a refund that has another amount there', async () => {
      await refundedLater();
      await sandbox().fault('billAlter', { on: 'tradeBill', value: 1 });
      const { breaks } = await ended();
      expect(classesOf(breaks)).toEqual(['fund-differs', 'refund-differs']);
      expect(keyed(breaks, 'refund-differs')).toMatchObject({ theirs: '5.01', ours: '5' });
      for (const { breakId } of breaks)
        expect(await resolved(breakId, 'explain')).toMatchObject({ status: 200 });
    });

    it('finds a refund that was given back to the wallet here and is paid there', async () => {
      const number = await refundedLater();
      await payments.database.query(`UPDATE refund_item SET status = 'failed' WHERE number = $1`, [number]);
      const { breaks } = await ended();
      expect(breaks).toMatchObject([{ class: 'refund-differs', theirs: '5', ours: '5' }]);
      await payments.database.query(`UPDATE refund_item SET status = 'succeeded' WHERE number = $1`, [
        number,
      ]);
      expect(await resolved(breaks[0]?.breakId ?? '', 'explain')).toMatchObject({ status: 200 });
    });

    it('finds a movement that we have no word for, and tells the ledger nothing of it', async () => {
      await paid(newId('cus'), '15');
      await sandbox().withdraw(300);
      await sandbox().fault('billOther', { on: 'fundBill' });
      const before = published.length;
      const { breaks, figures } = await ended();
      expect(breaks).toMatchObject([{ class: 'unknown-movement', theirs: '3', ours: null }]);
      expect(figures.closing).toBe(await yuan());
      expect(published.slice(before).filter(({ type }) => type === 'ChannelSettled')).toEqual([]);
      await arrives(300);
      expect(await resolved(breaks[0]?.breakId ?? '', 'explain')).toMatchObject({ status: 200 });
    });

    it('finds a balance that does not follow from its movements', async () => {
      await paid(newId('cus'), '16');
      await sandbox().fault('billOmit', { on: 'fundBill' });
      const day = today();
      const { breaks } = await ended();
      expect(classesOf(breaks)).toEqual(['balance-differs', 'fund-differs']);
      await again(day);
    });

    it('finds a fee that moved and is not the fee that was billed', async () => {
      const topUpId = await paid(newId('cus'), '17');
      await sandbox().fault('billFee', { on: 'fundBill', value: 5 });
      const { breaks } = await ended();
      expect(classesOf(breaks)).toEqual(['balance-differs', 'fee-differs']);
      expect(breaks.find((one) => one.class === 'fee-differs')).toMatchObject({
        number: topUpId,
        theirs: '0.15',
      });
    });

    it('compares nothing with a bill that cannot be believed, and all of it once it can', async () => {
      const day = today();
      await paid(newId('cus'), '18');
      await sandbox().fault('billFooter', { on: 'tradeBill', times: 1_000 });
      await nightPasses();
      const refused = await payments.call(`/v1/reconciliations/${channel}/${day}`, finance, {});
      expect(refused.status).toBe(503);
      expect(JSON.stringify(refused.body)).toContain('the bill says');
      expect((await report(day)).status).toBe(404);
      await sandbox().clearFaults();
      expect(await compared(day)).toMatchObject({ status: 'unconfirmed' });
    });

    it('leaves out no day, though a later one was compared before', async () => {
      const missed = today();
      await ended();
      await ended();
      const gone = 'DELETE FROM reconciliation WHERE channel = $1 AND day = $2';
      await payments.database.query(gone, [channel, missed]);
      await compared(missed);
    });

    it('is a day without any movement balanced too', async () => {
      const closing = await yuan();
      const { status, figures } = await ended();
      expect([status, figures.opening, figures.closing]).toEqual(['unconfirmed', closing, closing]);
    });

    it('misses a settlement that has not arrived at our bank after three days, until it has', async () => {
      await paid(newId('cus'), '19');
      const day = today();
      await sandbox().withdraw(777);
      for (let days = 0; days < 3; days += 1) expect((await ended()).breaks).toEqual([]);
      const { breaks } = await ended();
      expect(breaks).toMatchObject([{ class: 'settlement-missing', theirs: '7.77', resolution: null }]);
      await arrives(777);
      await ended();
      const { body } = await payments.call(`/v1/breaks?channel=${channel}&limit=500`, finance);
      expect(
        (body['breaks'] as readonly FoundBreak[]).filter((one) => one.class === 'settlement-missing'),
      ).toEqual([]);
      expect((await compared(day)).status).toBe('unconfirmed');
    });

    it('has a report on paper', async () => {
      const { body } = await payments.call(`/v1/reconciliations?channel=${channel}`, finance);
      const [{ day }] = body['days'] as [{ day: string }];
      const answer = await fetch(`${payments.url}/v1/reconciliations/${channel}/${day}/report.pdf`, {
        headers: { authorization: `Bearer ${await payments.token(finance.scope)}` },
      });
      const bytes = Buffer.from(await answer.arrayBuffer());
      expect(answer.headers.get('content-type')).toBe('application/pdf');
      expect(bytes.subarray(0, 5).toString()).toBe('%PDF-');
      expect(bytes.length).toBeLessThan(100_000);
    });
  },
);
