import { randomUUID } from 'node:crypto';
import type { Event } from '@app/contracts';
import { newId } from '@app/persistence';
import { freshDatabase, testServers, topicPrefix } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decided, finance, maker, proposed } from './finance-people.ts';
import {
  eventually,
  type Payments,
  published,
  publishedEvent,
  startPayments,
  usualWay,
} from './payments-process.ts';
import { SandboxProcess } from './provider-sandbox.ts';
import { reservedRefund } from './reserved-refund.ts';

let payments: Payments;
let bank: SandboxProcess;

beforeAll(async () => {
  bank = await SandboxProcess.start('bank');
  payments = await startPayments(process.env, {
    KAFKA_BROKERS: testServers().kafkaBrokers,
    KAFKA_TOPIC_PREFIX: topicPrefix(),
    PAYMENTS_DATABASE_URL: await freshDatabase('payments'),
  });
}, 60_000);
afterAll(async () => {
  await bank.close();
  await payments.close();
});

const account = '6217000000000001';

/** A customer whose account name two people have verified. */
const aCompany = async () => {
  const customerId = newId('cus');
  await payments.customerIs(customerId, 'active');
  await eventually(async () => {
    const rows = await payments.database.query('SELECT 1 FROM customer WHERE customer_id = $1', [customerId]);
    return rows[0];
  });
  const name = `示例${customerId.slice(-6)}有限公司`;
  const { remittanceCode: code } = await payments.grpc.GetBankDetails({ customerId });
  await approved({ kind: 'verify-company', customerId, name });
  return { customerId, name, code };
};

const approved = async (action: object): Promise<void> => {
  expect(await decided(payments, action)).toMatchObject({ status: 200, body: { status: 'approved' } });
};

/** Money comes in at the bank; gives the bank's reference. Each payer has an account of its own. */
const transferred = async (
  memo: string,
  partyName: string,
  fen = 500_000,
  partyAccount = randomAccount(),
) => {
  const { reference } = await bank.ask('/__sandbox/transfer', { fen, partyName, partyAccount, memo });
  return String(reference);
};
const randomAccount = (): string => `62${randomUUID().replace(/\D/g, '').padEnd(17, '0').slice(0, 17)}`;
const takenBack = (reference: string) => bank.ask('/__sandbox/reverse', { reference });

const imported = async (format = 'camt.053.001.08') => {
  const { content } = await bank.ask(`/statement?format=${format}`);
  const answer = await payments.call('/v1/banks/bank-spec/statements', finance, { content });
  expect(answer).toMatchObject({ status: 200, body: { statements: [{ quarantined: '' }] } });
  return answer.body;
};

interface Line {
  readonly lineId: string;
  readonly direction: string;
  readonly amount: string;
  readonly status: string;
  readonly reason: string | null;
  readonly customerId: string | null;
  readonly subjectId: string | null;
}
/** The newest lines that nobody has explained. */
const openLines = async (): Promise<Line[]> => {
  const { body } = await payments.call('/v1/banks/bank-spec/open-lines?limit=500', finance);
  return (body['lines'] as Line[]).filter(({ status }) => status === 'unexplained');
};
const newestLine = async (): Promise<Line> => {
  const [line] = await openLines();
  if (!line) throw new Error('no line is open');
  return line;
};

const topUpOf = async (customerId: string): Promise<string> => {
  const { topUps } = await payments.grpc.ListTopUps({ customerId, pageSize: 0, cursor: '' });
  return topUps[0]?.topUpId ?? '';
};
const forcedRefunds = (topUpId: string): Event[] =>
  published.filter(
    ({ type, data }) => type === 'ExternalRefundFound' && (data as { topUpId: string }).topUpId === topUpId,
  );

/** A transfer that was credited by itself. */
async function aCredit(format?: string) {
  const company = await aCompany();
  const reference = await transferred(`充值 ${company.code}`, company.name);
  expect(await imported(format)).toMatchObject({ lines: { credited: 1 } });
  return { ...company, reference, topUpId: await topUpOf(company.customerId) };
}

const figure = async (name: string): Promise<boolean> =>
  new RegExp(`^${name}{[^}]*} [1-9]`, 'm').test(await (await fetch(`${payments.url}/metrics`)).text());

describe('a credit that the bank takes back', () => {
  it.each(['camt.053.001.02', 'camt.053.001.08', 'mt940'])(
    'after it was credited by itself waits for two people, and is then taken from its customer once (%s)',
    async (format) => {
      const { customerId, reference, topUpId } = await aCredit(format);
      await takenBack(reference);
      expect(await imported(format)).toMatchObject({ lines: { unexplained: 1 } });
      const line = await newestLine();
      expect(line).toMatchObject({
        direction: 'debit',
        amount: '5000',
        reason: 'reversal',
        customerId,
        subjectId: topUpId,
      });
      expect(forcedRefunds(topUpId)).toEqual([]);
      await eventually(async () => (await figure('payments_bank_lines_unexplained')) || undefined);

      const action = {
        kind: 'book-forced-refund',
        lineId: line.lineId,
        parts: [{ topUpId, amount: '5000' }],
      };
      const alone = await proposed(payments, action);
      expect(await alone('approved', { scope: 'adjustments:approve', subject: maker.subject })).toMatchObject(
        {
          status: 403,
        },
      );
      await approved(action);
      const told = await publishedEvent(`ext_${line.lineId}.1:found`);
      expect(told).toMatchObject({
        subject: customerId,
        data: { topUpId, customerId, channel: 'bank-spec', amount: { amount: '5000', currency: 'CNY' } },
      });
      expect((await openLines()).map(({ lineId }) => lineId)).not.toContain(line.lineId);
      expect(await alone('approved')).toMatchObject({ status: 409, body: { field: 'lineId' } });
      expect(forcedRefunds(topUpId)).toHaveLength(1);
    },
  );

  it('and does not say so, as in a download, is an open line that people know by its words', async () => {
    const { reference, topUpId } = await aCredit('csv');
    await takenBack(reference);
    expect(await imported('csv')).toMatchObject({ lines: { unexplained: 1 } });
    const { lineId, reason } = await newestLine();
    expect(reason).toBeNull();
    await approved({ kind: 'book-forced-refund', lineId, parts: [{ topUpId, amount: '5000' }] });
    await publishedEvent(`ext_${lineId}.1:found`);
  });

  it('in the very statement that tells of it is known just so', async () => {
    const company = await aCompany();
    await takenBack(await transferred(company.code, company.name));
    expect(await imported()).toMatchObject({ lines: { credited: 1, unexplained: 1 } });
    const { customerId } = company;
    expect(await newestLine()).toMatchObject({ reason: 'reversal', subjectId: await topUpOf(customerId) });
  });

  it('names nobody where two credits look alike: people say whose it was', async () => {
    const company = await aCompany();
    const payer = randomAccount();
    const first = await transferred(company.code, company.name, 500_000, payer);
    await transferred(company.code, company.name, 500_000, payer);
    await takenBack(first);
    expect(await imported()).toMatchObject({ lines: { credited: 2, unexplained: 1 } });
    expect(await newestLine()).toMatchObject({ reason: 'reversal', customerId: null, subjectId: null });
  });

  it('while it is nobody’s leaves suspense by two people', async () => {
    const reference = await transferred('货款', '某人', 123_400);
    await imported();
    await takenBack(reference);
    expect(await imported()).toMatchObject({ lines: { unexplained: 1 } });
    const { lineId, subjectId: suspenseId } = await newestLine();
    await approved({ kind: 'book-suspense-left', lineId, suspenseId });
    const told = await publishedEvent(`${lineId}:returned`);
    expect(told).toMatchObject({ type: 'SuspenseReturned', data: { suspenseId, channel: 'bank-spec' } });
    const { body } = await payments.call('/v1/suspense?limit=500', finance);
    expect((body['suspense'] as { suspenseId: string }[]).map((one) => one.suspenseId)).not.toContain(
      suspenseId,
    );
  });

  it('after it was given to two customers is taken from both, and suspense gives nothing any more', async () => {
    const [one, other] = [await aCompany(), await aCompany()];
    const reference = await transferred('货款', '某人', 300_000);
    await imported();
    await takenBack(reference);
    await imported();
    const { lineId, subjectId: suspenseId } = await newestLine();
    const shares = [
      { customerId: one.customerId, amount: '1000', currency: 'CNY' },
      { customerId: other.customerId, amount: '2000', currency: 'CNY' },
    ];
    await approved({ kind: 'assign-suspense', suspenseId, parts: shares });
    expect(await decided(payments, { kind: 'book-suspense-left', lineId, suspenseId })).toMatchObject({
      status: 409,
      body: { field: 'suspenseId' },
    });
    const [first, second] = [await topUpOf(one.customerId), await topUpOf(other.customerId)];
    const parts = [
      { topUpId: first, amount: '1000' },
      { topUpId: second, amount: '2000' },
    ];
    await approved({ kind: 'book-forced-refund', lineId, parts });
    await publishedEvent(`ext_${lineId}.2:found`);
    expect([...forcedRefunds(first), ...forcedRefunds(second)].map(({ subject }) => subject)).toEqual([
      one.customerId,
      other.customerId,
    ]);
  });
});

describe('a line that nobody can explain', () => {
  it('is taken from nobody unless payments that credited customers come to what left', async () => {
    const { reference, topUpId } = await aCredit();
    await takenBack(reference);
    await imported();
    const { lineId } = await newestLine();
    const refused = [
      [{ topUpId, amount: '4999.99' }],
      [{ topUpId, amount: '5000.01' }],
      [{ topUpId: newId('top'), amount: '5000' }],
      [
        { topUpId, amount: '2500' },
        { topUpId: newId('top'), amount: '2500' },
      ],
    ];
    for (const parts of refused)
      expect(await decided(payments, { kind: 'book-forced-refund', lineId, parts })).toMatchObject({
        status: 409,
        body: { field: 'parts' },
      });
    const half = { topUpId, amount: '2500' };
    await expect(
      decided(payments, { kind: 'book-forced-refund', lineId, parts: [half, half] }),
    ).rejects.toThrow('Name each payment once');
    expect(forcedRefunds(topUpId)).toEqual([]);
    expect((await newestLine()).lineId).toBe(lineId);
  });

  it('is explained by two people, who move nothing here', async () => {
    await bank.ask('/__sandbox/transfer', {
      ...{ direction: 'debit', fen: 1_500, partyName: '示例银行', partyAccount: account, memo: '账户管理费' },
    });
    expect(await imported()).toMatchObject({ lines: { unexplained: 1 } });
    const { lineId } = await newestLine();
    await approved({ kind: 'explain-line', lineId });
    const kept = await payments.database.query(
      'SELECT status, resolution, proposal_id IS NOT NULL AS "byTwo" FROM bank_line WHERE line_id = $1',
      [lineId],
    );
    expect(kept).toEqual([{ status: 'resolved', resolution: 'explained', byTwo: true }]);
    expect(await decided(payments, { kind: 'explain-line', lineId })).toMatchObject({ status: 409 });
    expect(published.some(({ id }) => id.includes(lineId))).toBe(false);
  });
});

describe('a refund that left twice', () => {
  it('is an open line, and is taken from its customer by two people', async () => {
    const { customerId, name } = await aCompany();
    const wechat = payments.sandboxes['wechat-pay'];
    const { topUpId } = await payments.grpc.StartTopUp({
      ...{ customerId, channel: 'wechat-pay', amount: '50', currency: 'CNY' },
      ...{ idempotencyKey: randomUUID(), ...usualWay },
    });
    await wechat.pay(topUpId);
    const item = { topUpId, channel: 'wechat-pay', amount: '10' };
    const { refundId, itemId, number } = await reservedRefund(payments, customerId, [item]);
    const untilItem = (wanted: string) =>
      eventually(async () => {
        const { items } = await payments.grpc.GetRefund({ customerId, refundId });
        return items[0]?.status === wanted ? wanted : undefined;
      });
    await untilItem('processing');
    await wechat.endRefund(number, 'abnormal');
    await untilItem('abnormal');
    await approved({
      kind: 'pay-out-item',
      itemId,
      bank: 'bank-spec',
      payeeName: name,
      payeeAccount: account,
    });
    const { body: file } = await payments.call('/v1/banks/bank-spec/payout-files', finance, {});
    // The provider pays it after all, and nobody stops the bank.
    await wechat.endRefund(number);
    await publishedEvent(`${itemId}:paid`);
    await bank.ask('/payouts', String(file['body']));

    expect(await imported()).toMatchObject({ lines: { unexplained: 1 } });
    const line = await newestLine();
    expect(line).toMatchObject({ direction: 'debit', amount: '10', reason: 'paid-twice' });
    await eventually(async () => (await figure('payments_bank_lines_unexplained')) || undefined);
    const action = { kind: 'book-forced-refund', lineId: line.lineId, parts: [{ topUpId, amount: '10' }] };
    await approved(action);
    const told = await publishedEvent(`ext_${line.lineId}.1:found`);
    expect(told.data).toMatchObject({ customerId, topUpId, channel: 'bank-spec', amount: { amount: '10' } });
    expect(published.filter(({ id }) => id === `${itemId}:paid`)).toHaveLength(1);
    expect(await decided(payments, action)).toMatchObject({ status: 409 });
    const { body } = await payments.call(`/v1/audit?subjectId=${line.lineId}`, finance);
    expect(
      (body['deeds'] as { actor: string; action: string }[]).map((one) => `${one.actor}: ${one.action}`),
    ).toEqual(
      [
        'mei: propose book-forced-refund',
        'chen: approve book-forced-refund',
        'mei: propose book-forced-refund',
      ].reverse(),
    );
  });
});
