import { randomUUID } from 'node:crypto';
import type { Event } from '@app/contracts';
import { newId } from '@app/persistence';
import { freshDatabase, testServers, topicPrefix } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  eventually,
  type Payments,
  published,
  publishedEvent,
  startPayments,
  usualWay,
} from './payments-process.ts';
import { checker, decided, finance, maker } from './finance-people.ts';
import { frozenReplica } from './frozen-replica.ts';
import { type ReservedItem, reservedRefund } from './reserved-refund.ts';
import { SandboxProcess } from './provider-sandbox.ts';

const servers = async () => ({
  KAFKA_BROKERS: testServers().kafkaBrokers,
  KAFKA_TOPIC_PREFIX: topicPrefix(),
  PAYMENTS_DATABASE_URL: await freshDatabase('payments'),
});

let payments: Payments;
let bank: SandboxProcess;

const get = async (path: string) => (await payments.call(path, finance)).body;

const decide = (action: object, verdict?: string) => decided(payments, action, verdict);

const approved = async (action: object): Promise<void> => {
  expect(await decide(action)).toMatchObject({
    status: 200,
    body: { status: 'approved', decidedBy: 'chen' },
  });
};

interface Company {
  readonly customerId: string;
  readonly name: string;
  readonly code: string;
}

/** A customer whose account name two people have verified. */
const aCompany = async (): Promise<Company> => {
  const customerId = newId('cus');
  await payments.customerIs(customerId, 'active');
  await eventually(async () => {
    const rows = await payments.database.query('SELECT 1 FROM customer WHERE customer_id = $1', [customerId]);
    return rows[0];
  });
  const name = `示例${customerId.slice(-4)}有限公司`;
  const { remittanceCode } = await payments.grpc.GetBankDetails({ customerId });
  await approved({ kind: 'verify-company', customerId, name });
  return { customerId, name, code: remittanceCode };
};

const transfer = (memo: string, changes: object = {}) =>
  bank.ask('/__sandbox/transfer', {
    fen: 500_000,
    partyName: '某人',
    partyAccount: '6217000000000001',
    memo,
    ...changes,
  });

const statement = async (format = 'camt.053.001.08') =>
  String((await bank.ask(`/statement?format=${format}`))['content']);

const importFile = (content: string) => payments.call('/v1/banks/bank-spec/statements', finance, { content });

const imported = async (format?: string) => {
  const answer = await importFile(await statement(format));
  expect(answer).toMatchObject({ status: 200, body: { statements: [{ quarantined: '' }] } });
  return answer.body;
};

const eventsOf = (subject: string, type: string): Event[] =>
  published.filter((event) => event.subject === subject && event.type === type);

const suspenseBy = async (reason: string): Promise<Record<string, unknown>> => {
  const { suspense } = (await get('/v1/suspense?limit=500')) as { suspense: Record<string, unknown>[] };
  const found = suspense.findLast((one) => one['reason'] === reason);
  if (!found) throw new Error(`nothing in suspense because of ${reason}`);
  return found;
};

beforeAll(async () => {
  bank = await SandboxProcess.start('bank');
  payments = await startPayments(process.env, await servers());
}, 60_000);
afterAll(async () => {
  await bank.close();
  await payments.close();
});

describe('a bank transfer', () => {
  it.each(['camt.053.001.02', 'camt.053.001.08', 'mt940', 'csv'])(
    'with the code and the verified name is credited by itself, by %s, and told to the ledger once',
    async (format) => {
      const company = await aCompany();
      await transfer(`充值 ${company.code.toLowerCase()}`, { partyName: company.name });
      const file = await statement(format);
      const first = await importFile(file);
      expect(first.body).toMatchObject({ lines: { credited: 1 }, alreadyImported: false });
      expect((await importFile(file)).body).toMatchObject({ lines: {}, alreadyImported: true });

      const { topUps } = await payments.grpc.ListTopUps({
        ...{ customerId: company.customerId, pageSize: 0, cursor: '' },
      });
      expect(topUps).toMatchObject([
        { channel: 'bank-spec', method: 'transfer', amount: '5000', status: 'succeeded' },
      ]);
      await publishedEvent(`${topUps[0]?.topUpId ?? ''}:settled`);
      expect(eventsOf(company.customerId, 'TopUpSettled')).toHaveLength(1);
    },
  );

  it('keeps its code for ever', async () => {
    const company = await aCompany();
    const again = await payments.grpc.GetBankDetails({ customerId: company.customerId });
    expect(again).toMatchObject({ remittanceCode: company.code, verifiedName: company.name });
    expect(again.accounts).toMatchObject([{ account: '6222020000000000001', currency: 'CNY' }]);
  });

  it('twice the same amount with the same words is two top-ups, and an overlapping file credits none of them again', async () => {
    const company = await aCompany();
    await transfer(company.code, { partyName: company.name });
    await transfer(company.code, { partyName: company.name });
    const file = await statement();
    expect((await importFile(file)).body).toMatchObject({ lines: { credited: 2 } });
    // The same movements in another file: one byte more.
    const other = Buffer.from(`${Buffer.from(file, 'base64').toString()}\n`).toString('base64');
    expect((await importFile(other)).body).toMatchObject({
      lines: {},
      alreadyImported: false,
      statements: [{ quarantined: '' }],
    });
  });

  it.each([
    ['third-party-payer', async (company: Company) => transfer(company.code)],
    ['no-code', async (company: Company) => transfer('5000', { partyName: company.name })],
    ['unknown-code', async (company: Company) => transfer('TP000000000', { partyName: company.name })],
    [
      'customer-blocked',
      async (company: Company) => {
        await payments.customerIs(company.customerId, 'suspended');
        await eventually(async () => {
          const rows = await payments.database.query(
            `SELECT 1 FROM customer WHERE customer_id = $1 AND status = 'suspended'`,
            [company.customerId],
          );
          return rows[0];
        });
        return transfer(company.code, { partyName: company.name });
      },
    ],
    [
      'above-automatic-limit',
      async (company: Company) => transfer(company.code, { partyName: company.name, fen: 100_000_000 }),
    ],
  ])(
    'goes to suspense because of %s, credits nobody, and the ledger hears of the money',
    async (reason, act) => {
      const company = await aCompany();
      await act(company);
      expect(await imported()).toMatchObject({ lines: { suspense: 1 } });
      const { suspenseId, amount } = await suspenseBy(reason);
      const received = await publishedEvent(`${String(suspenseId)}:received`);
      expect(received).toMatchObject({ type: 'SuspenseReceived', subject: 'platform:channels-cny:0' });
      expect(received.data).toMatchObject({ channel: 'bank-spec', amount: { amount, currency: 'CNY' } });
      expect(eventsOf(company.customerId, 'TopUpSettled')).toEqual([]);
    },
  );

  it('in a batch to which the bank gave one reference is credited part by part, on later statements too', async () => {
    await imported();
    const { statements } = (await get('/v1/banks/bank-spec/statements?limit=1')) as {
      statements: { closing: string; sequence: number }[];
    };
    const [{ closing, sequence } = { closing: '', sequence: 0 }] = statements;
    const [one, other] = [await aCompany(), await aCompany()];
    const [whole = '0', fraction = '0'] = closing.split('.');
    const balance = (code: string, more: bigint) =>
      `<Bal><Tp><CdOrPrtry><Cd>${code}</Cd></CdOrPrtry></Tp>` +
      `<Amt Ccy="CNY">${String(BigInt(whole) + more)}.${fraction}</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>`;
    const part = ({ name, code }: Company) =>
      `<TxDtls><Amt Ccy="CNY">10.00</Amt><RltdPties><Dbtr><Nm>${name}</Nm></Dbtr></RltdPties>` +
      `<RmtInf><Ustrd>${code}</Ustrd></RmtInf></TxDtls>`;
    /** The n-th statement from here, of three parts of 10 yuan. */
    const batch = (n: number, day: string) =>
      `<Stmt><ElctrncSeqNb>${String(sequence + n)}</ElctrncSeqNb>` +
      `<Acct><Id><Othr><Id>6222020000000000001</Id></Othr></Id></Acct>` +
      balance('OPBD', BigInt(30 * (n - 1))) +
      balance('CLBD', BigInt(30 * n)) +
      `<Ntry><Amt Ccy="CNY">30.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>${day}</Dt></BookgDt>` +
      `<AcctSvcrRef>BATCH1</AcctSvcrRef><NtryDtls>${part(one)}${part(other)}${part(one)}</NtryDtls></Ntry></Stmt>`;
    const fileOf = (text: string) =>
      Buffer.from(
        `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>${text}</BkToCstmrStmt></Document>`,
      ).toString('base64');
    const twoOfOneDay = fileOf(batch(1, '2026-11-22') + batch(2, '2026-11-22'));
    expect(await importFile(twoOfOneDay)).toMatchObject({ status: 200, body: { lines: { credited: 6 } } });
    const nextDay = fileOf(batch(3, '2026-11-23'));
    expect(await importFile(nextDay)).toMatchObject({ status: 200, body: { lines: { credited: 3 } } });
    for (const file of [twoOfOneDay, nextDay])
      expect(await importFile(file)).toMatchObject({ body: { lines: {}, alreadyImported: true } });
    const sameLines = fileOf(`${batch(3, '2026-11-23')}\n`);
    expect(await importFile(sameLines)).toMatchObject({
      body: { lines: {}, alreadyImported: false, statements: [{ quarantined: '' }] },
    });
    await eventually(() => (eventsOf(one.customerId, 'TopUpSettled').length === 6 ? true : undefined));
    // The bank of these specs does not know of it; its next statement would not follow.
    await payments.database.query(`DELETE FROM bank_line WHERE reference = 'BATCH1'`);
    await payments.database.query(`DELETE FROM bank_statement WHERE sequence > $1`, [sequence]);
  });

  it('of a channel that pays our own money out is nobody’s top-up', async () => {
    await transfer('提现', { partyName: '财付通支付科技有限公司' });
    expect(await imported()).toMatchObject({ lines: { settlement: 1 } });
  });

  it.each(['constructor', '__proto__', 'toString'])(
    'of a payer who is called %s is no channel’s, and waits for a person',
    async (partyName) => {
      await transfer('5000', { partyName });
      expect(await imported()).toMatchObject({ lines: { suspense: 1 } });
    },
  );
});

describe('a statement', () => {
  const text = async () => Buffer.from(await statement(), 'base64').toString();
  const asFile = (content: string) => importFile(Buffer.from(content).toString('base64'));

  it('that contradicts itself, its account or the one before is kept in quarantine and books nothing', async () => {
    await imported();
    await transfer('x');
    const good = await text();
    const broken = [
      [good.replace(/<Ntry><Amt Ccy="CNY">5000.00/, '<Ntry><Amt Ccy="CNY">5000.01'), 'closing balance'],
      [good.replaceAll('6222020000000000001', '6222020000000000002'), 'of the account'],
      [
        good
          .replace(/<Ntry>.*<\/Ntry>/, '')
          .replace(/(CLBD.*?CNY">)[0-9.]+/, '$10.00')
          .replace(/(OPBD.*?CNY">)[0-9.]+/, '$10.00'),
        'last one ended',
      ],
      [good.replace(/<ElctrncSeqNb>\d+/, '<ElctrncSeqNb>9999'), 'its number is 9999'],
    ] as const;
    for (const [content, reason] of broken) {
      expect(await asFile(content)).toMatchObject({
        status: 200,
        body: { statements: [{ quarantined: expect.stringContaining(reason) }], lines: {} },
      });
    }
    const { statements } = (await get('/v1/banks/bank-spec/statements')) as { statements: object[] };
    expect(statements.slice(0, 4)).toMatchObject(
      broken.map(() => ({ quarantined: expect.stringMatching(/./) })),
    );
    // What was in quarantine does not stand in the way of the right file.
    expect(await asFile(good)).toMatchObject({ body: { statements: [{ quarantined: '' }] } });
  });

  it('goes on from the one that was taken in last, whatever its id', async () => {
    await imported();
    await payments.database.query(
      `INSERT INTO bank_statement (statement_id, bank, format, file_sha256, part, currency, opening, closing, body,
                                   imported_by, imported_at)
       VALUES ('stm_~', 'bank-spec', 'csv', 'earlier', 0, 'CNY', 0, 1, '', 'fiona', clock_timestamp() - interval '1 day')`,
    );
    await transfer('x');
    await imported();
    await payments.database.query(`DELETE FROM bank_statement WHERE statement_id = 'stm_~'`);
  });

  it.each([
    '',
    'not a statement',
    '<!DOCTYPE x><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"/>',
  ])('%.20j is refused with the field and what to send', async (content) => {
    expect(await asFile(content)).toMatchObject({
      status: 400,
      body: { field: 'content', remedy: expect.stringContaining('camt.053') },
    });
  });

  it('of an unknown bank, or by somebody without the scope, is refused', async () => {
    const body = { content: await statement() };
    expect(await payments.call('/v1/banks/bank-none/statements', finance, body)).toMatchObject({
      status: 404,
    });
    const reader = { scope: 'payments:read' };
    expect(await payments.call('/v1/banks/bank-spec/statements', reader, body)).toMatchObject({
      status: 403,
    });
    await importFile(body.content);
  });
});

describe('what finance watches', () => {
  it('says how much is in suspense and since when, and which statements are in quarantine', async () => {
    const value = async (name: string): Promise<number> => {
      const text = await (await fetch(`${payments.url}/metrics`)).text();
      const line = text.split('\n').find((one) => one.startsWith(name) && !one.startsWith('#'));
      return Number(line?.split(' ').at(-1));
    };
    await eventually(async () => ((await value('payments_suspense_open')) >= 5 ? true : undefined));
    expect(await value('payments_suspense_oldest_seconds')).toBeGreaterThan(0);
    expect(await value('payments_bank_statements_total')).toBeGreaterThan(0);
  });
});

describe('money in suspense', () => {
  const suspended = async (): Promise<string> => {
    await transfer(`no code ${randomUUID()}`);
    await imported();
    return String((await suspenseBy('no-code'))['suspenseId']);
  };

  it('is assigned in parts by two people, each a top-up, and never more than there is', async () => {
    const suspenseId = await suspended();
    const [one, other] = [await aCompany(), await aCompany()];
    const part = ({ customerId }: Company, amount: string) => ({ customerId, amount, currency: 'CNY' });
    await approved({
      kind: 'assign-suspense',
      suspenseId,
      parts: [part(one, '3000'), part(other, '1500.5')],
    });
    const [assigned] = await eventually(() => {
      const events = eventsOf(one.customerId, 'SuspenseAssigned');
      return events.length > 0 ? events : undefined;
    });
    expect(assigned?.data).toMatchObject({ suspenseId, amount: { amount: '3000' }, channel: 'bank-spec' });
    const tooMuch = await decide({ kind: 'assign-suspense', suspenseId, parts: [part(one, '499.51')] });
    expect(tooMuch).toMatchObject({ status: 409, body: { field: 'amount' } });
    await approved({ kind: 'assign-suspense', suspenseId, parts: [part(one, '499.5')] });
  });

  it('goes back by a payout that the statement’s debit line confirms', async () => {
    const suspenseId = await suspended();
    const payee = { payeeName: '某人', payeeAccount: '6217000000000001' };
    await approved({ kind: 'return-suspense', suspenseId, amount: '5000', currency: 'CNY', ...payee });
    const made = await payments.call('/v1/banks/bank-spec/payout-files', finance, {});
    expect(made.body['body']).toContain('5000,CNY,"某人",6217000000000001,PY');
    expect(eventsOf('platform:channels-cny:0', 'SuspenseReturned')).toEqual([]);
    await bank.ask('/payouts', String(made.body['body']));
    expect(await imported()).toMatchObject({ lines: { paid_out: 1 } });
    const [returned] = await eventually(() => {
      const events = eventsOf('platform:channels-cny:0', 'SuspenseReturned');
      return events.length > 0 ? events : undefined;
    });
    expect(returned?.data).toMatchObject({ suspenseId, amount: { amount: '5000' } });
  });

  it('is returned once, though two debits of one file carry its number, and a few fen with it are no bounce', async () => {
    const suspenseId = await suspended();
    const payee = { payeeName: '某人', payeeAccount: '6217000000000001' };
    await approved({ kind: 'return-suspense', suspenseId, amount: '5000', currency: 'CNY', ...payee });
    const made = await payments.call('/v1/banks/bank-spec/payout-files', finance, {});
    const [number = ''] = /PY[0-9A-Z]{9}/.exec(String(made.body['body'])) ?? [];
    await transfer(number, { fen: 1 });
    expect(await imported()).toMatchObject({ lines: { suspense: 1 } });
    await transfer(number, { direction: 'debit' });
    await transfer(number, { direction: 'debit' });
    expect(await imported()).toMatchObject({ lines: { paid_out: 1, unexplained: 1 } });
    const [payout] = await payments.database.query('SELECT status FROM payout WHERE number = $1', [number]);
    expect(payout).toEqual({ status: 'paid' });
    const [kept] = await payments.database.query(
      'SELECT trim_scale(going_back) AS going, trim_scale(returned) AS gone FROM suspense WHERE suspense_id = $1',
      [suspenseId],
    );
    expect(kept).toEqual({ going: '0', gone: '5000' });
  });

  it('is not moved by one person, by other bytes, twice, or without the scope', async () => {
    const suspenseId = await suspended();
    const { customerId } = await aCompany();
    const action = {
      kind: 'assign-suspense',
      suspenseId,
      parts: [{ customerId, amount: '1', currency: 'CNY' }],
    };
    const both = { scope: 'adjustments:request adjustments:approve', subject: 'solo' };
    const proposed = await payments.call('/v1/proposals', both, { action, reason: 'mine' });
    const { proposalId, payloadSha256 } = proposed.body;
    const path = `/v1/proposals/${String(proposalId)}/decision`;
    const yes = { verdict: 'approved', payloadSha256 };
    expect(await payments.call(path, both, yes)).toMatchObject({ status: 403 });
    expect(await payments.call(path, maker, yes)).toMatchObject({ status: 403 });
    const otherBytes = { verdict: 'approved', payloadSha256: '0'.repeat(64) };
    expect(await payments.call(path, checker, otherBytes)).toMatchObject({ status: 422 });
    const answers = await Promise.all(Array.from({ length: 10 }, () => payments.call(path, checker, yes)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await suspenseBy('no-code')).toMatchObject({ suspenseId, assigned: '1' });
    // The database itself refuses one person, whatever the code does.
    const alone = payments.database.query(
      `WITH p AS (INSERT INTO proposal (proposal_id, kind, subject_id, payload, payload_sha256, reason, proposed_by)
         VALUES ('prop_x', 'k', 's', '{}', encode(sha256('{}'), 'hex'), 'because', 'solo') RETURNING *)
       SELECT 1 FROM p`,
    );
    await alone;
    await expect(
      payments.database.query(
        `INSERT INTO proposal_decision (proposal_id, payload_sha256, proposed_by, verdict, decided_by)
         SELECT proposal_id, payload_sha256, proposed_by, 'approved', 'solo' FROM proposal WHERE proposal_id = 'prop_x'`,
      ),
    ).rejects.toMatchObject({ constraint: 'two_people' });
    const deeds = (await get(`/v1/audit?subjectId=${suspenseId}`)) as {
      deeds: { actor: string; action: string }[];
    };
    expect(deeds.deeds.map(({ actor, action: what }) => [actor, what])).toEqual([
      ['chen', 'approve assign-suspense'],
      ['solo', 'propose assign-suspense'],
    ]);
    await expect(payments.database.query('DELETE FROM audit')).rejects.toThrow('only ever added to');
  });
});

describe('a refund of what came by bank', () => {
  const reserve = async (customerId: string, item: ReservedItem) => {
    const reserved = await reservedRefund(payments, customerId, [item]);
    await eventually(async () => (await itemOf(customerId, reserved.refundId)) ?? undefined);
    return reserved;
  };
  const itemOf = async (customerId: string, refundId: string) =>
    (await payments.grpc.GetRefund({ customerId, refundId })).items[0];

  const payOut = async (itemId: string, payeeName: string) => {
    await approved({
      ...{ kind: 'pay-out-item', itemId, bank: 'bank-spec', payeeName, payeeAccount: '6217000000000001' },
    });
    const made = await payments.call('/v1/banks/bank-spec/payout-files', finance, {});
    return String(made.body['body']);
  };

  it('waits for two people, leaves with a payout file, and is paid once the statement says so', async () => {
    const company = await aCompany();
    await transfer(company.code, { partyName: company.name });
    await imported();
    const { topUps } = await payments.grpc.ListTopUps({
      customerId: company.customerId,
      pageSize: 0,
      cursor: '',
    });
    const topUpId = topUps[0]?.topUpId ?? '';
    const { refundId, itemId } = await reserve(company.customerId, {
      topUpId,
      channel: 'bank-spec',
      amount: '4000',
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await itemOf(company.customerId, refundId)).toMatchObject({ status: 'created' });

    const stranger = {
      kind: 'pay-out-item',
      itemId,
      bank: 'bank-spec',
      payeeName: '别人',
      payeeAccount: '6217',
    };
    expect(await decide(stranger)).toMatchObject({ status: 409, body: { field: 'payeeName' } });
    const file = await payOut(itemId, company.name);
    expect(await itemOf(company.customerId, refundId)).toMatchObject({ status: 'manual_payout' });
    expect(await payments.call('/v1/banks/bank-spec/payout-files', finance, {})).toMatchObject({
      status: 409,
    });

    await bank.ask('/payouts', file);
    await bank.ask('/payouts', file);
    expect(await imported()).toMatchObject({ lines: { paid_out: 1 } });
    const told = await publishedEvent(`${itemId}:paid`);
    expect(told.data).toMatchObject({ amount: { amount: '4000' }, channel: 'bank-spec' });
    expect(await itemOf(company.customerId, refundId)).toMatchObject({ status: 'succeeded' });
  });

  it('past the window of its own channel is paid from the bank, and the books say so', async () => {
    const company = await aCompany();
    const order = await payments.grpc.StartTopUp({
      ...{ customerId: company.customerId, channel: 'wechat-pay', amount: '50', currency: 'CNY' },
      ...{ idempotencyKey: randomUUID(), ...usualWay },
    });
    await payments.sandboxes['wechat-pay'].pay(order.topUpId);
    await payments.database.query(
      `UPDATE top_up SET paid_at = paid_at - interval '365 days' WHERE top_up_id = $1`,
      [order.topUpId],
    );
    const { topUpId } = order;
    const { itemId } = await reserve(company.customerId, { topUpId, channel: 'wechat-pay', amount: '10' });
    await bank.ask('/payouts', await payOut(itemId, company.name));
    await imported();
    const told = await publishedEvent(`${itemId}:paid`);
    expect(told.data).toMatchObject({ amount: { amount: '10' }, channel: 'bank-spec' });
    expect(await payments.sandboxes['wechat-pay'].refunds()).toEqual([]);
  });

  it.each(['opening', 'wechat-pay'])(
    'came before us, through %s, is paid from the bank by two people, for we have no order of it',
    async (channel) => {
      const company = await aCompany();
      const topUpId = `${company.customerId}:opening`;
      const { refundId, itemId } = await reserve(company.customerId, { topUpId, channel, amount: '12' });
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(await itemOf(company.customerId, refundId)).toMatchObject({ status: 'created' });
      await bank.ask('/payouts', await payOut(itemId, company.name));
      await imported();
      const told = await publishedEvent(`${itemId}:paid`);
      expect(told.data).toMatchObject({ amount: { amount: '12' }, channel: 'bank-spec' });
    },
  );

  /** A refund that its provider could not pay, for which two people have planned a payout. */
  const abnormalAndPlanned = async () => {
    const company = await aCompany();
    const wechat = payments.sandboxes['wechat-pay'];
    const { topUpId } = await payments.grpc.StartTopUp({
      ...{ customerId: company.customerId, channel: 'wechat-pay', amount: '50', currency: 'CNY' },
      ...{ idempotencyKey: randomUUID(), ...usualWay },
    });
    await wechat.pay(topUpId);
    const item = await reserve(company.customerId, { topUpId, channel: 'wechat-pay', amount: '10' });
    const status = async () => (await itemOf(company.customerId, item.refundId))?.status;
    const until = (wanted: string) =>
      eventually(async () => ((await status()) === wanted ? wanted : undefined));
    const number = `${item.refundId}-1`;
    await until('processing');
    await wechat.endRefund(number, 'abnormal');
    await until('abnormal');
    const [payeeName, payeeAccount] = [company.name, '6217000000000001'];
    await approved({ kind: 'pay-out-item', itemId: item.itemId, bank: 'bank-spec', payeeName, payeeAccount });
    return { ...item, status, number, wechat };
  };

  const payoutOf = async (itemId: string) => {
    const { payouts } = (await get('/v1/payouts?limit=500')) as { payouts: Record<string, unknown>[] };
    return payouts.find(({ subjectId }) => subjectId === itemId);
  };

  it('needs no payout once its provider has paid it after all: the payout ends, and is in no file', async () => {
    const { wechat, number, itemId, status } = await abnormalAndPlanned();
    expect(await payoutOf(itemId)).toMatchObject({ status: 'approved' });
    await wechat.endRefund(number);
    await publishedEvent(`${itemId}:paid`);
    expect(await status()).toBe('succeeded');
    expect(await payoutOf(itemId)).toBeUndefined();
    const kept = await payments.database.query('SELECT status FROM payout WHERE subject_id = $1', [itemId]);
    expect(kept).toEqual([{ status: 'withdrawn' }]);
    expect(await payments.call('/v1/banks/bank-spec/payout-files', finance, {})).toMatchObject({
      status: 409,
    });
  });

  it('that its provider pays while its payout is in a file is called out: the bank must be stopped', async () => {
    const { wechat, number, itemId } = await abnormalAndPlanned();
    const { body } = await payments.call('/v1/banks/bank-spec/payout-files', finance, {});
    await wechat.endRefund(number);
    await publishedEvent(`${itemId}:paid`);
    expect(await payoutOf(itemId)).toMatchObject({ status: 'filed' });
    const called = async (code: string) =>
      new RegExp(`payments_refund_news_refused_total{[^}]*code="${code}"[^}]*} 1`).test(
        await (await fetch(`${payments.url}/metrics`)).text(),
      );
    expect([await called('paid-while-payout-filed'), await called('paid-twice')]).toEqual([true, false]);
    // Nobody stopped it: the debit shows, the refund is not paid twice in the books, and it is called out again.
    await bank.ask('/payouts', String(body['body']));
    await imported();
    expect(await called('paid-twice')).toBe(true);
    expect(published.filter(({ id }) => id === `${itemId}:paid`)).toHaveLength(1);
  });

  it('does not go back to the wallet while its payout may leave, whatever its provider says', async () => {
    const { wechat, number, itemId, status } = await abnormalAndPlanned();
    await wechat.endRefund(number, 'close');
    expect(await status()).toBe('manual_payout');
    expect(published.some(({ id }) => id === `${itemId}:failed`)).toBe(false);
    await bank.ask(
      '/payouts',
      String((await payments.call('/v1/banks/bank-spec/payout-files', finance, {})).body['body']),
    );
    await imported();
    await publishedEvent(`${itemId}:paid`);
  });

  it('is planned once, even if a process that looked before the plan goes on after it', async () => {
    const company = await aCompany();
    await transfer(company.code, { partyName: company.name });
    await imported();
    const { topUps } = await payments.grpc.ListTopUps({
      ...{ customerId: company.customerId, pageSize: 0, cursor: '' },
    });
    const topUpId = topUps[0]?.topUpId ?? '';
    const { refundId, itemId } = await reserve(company.customerId, {
      ...{ topUpId, channel: 'bank-spec', amount: '7' },
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const frozen = frozenReplica(payments);
    const looked = frozen.pay.handle(itemId);
    await frozen.hasLooked;
    await payOut(itemId, company.name);
    frozen.goOn();
    await looked;
    expect(await itemOf(company.customerId, refundId)).toMatchObject({ status: 'manual_payout' });
  });

  it('is not confirmed by a debit of another amount, which stays open; money that bounces goes to suspense', async () => {
    const company = await aCompany();
    await transfer(company.code, { partyName: company.name });
    await imported();
    const { topUps } = await payments.grpc.ListTopUps({
      customerId: company.customerId,
      pageSize: 0,
      cursor: '',
    });
    const topUpId = topUps[0]?.topUpId ?? '';
    const { itemId } = await reserve(company.customerId, { topUpId, channel: 'bank-spec', amount: '100' });
    const file = await payOut(itemId, company.name);
    const number = /PY[0-9A-Z]{9}/.exec(file)?.[0] ?? '';
    await transfer(number, { direction: 'debit', fen: 10_001, partyAccount: '6217000000000001' });
    expect(await imported()).toMatchObject({ lines: { unexplained: 1 } });
    const { lines } = (await get('/v1/banks/bank-spec/open-lines')) as { lines: object[] };
    expect(lines[0]).toMatchObject({ reason: 'payout-differs', subjectId: number });
    expect(published.some(({ id }) => id === `${itemId}:paid`)).toBe(false);

    await bank.ask('/payouts', file);
    await imported();
    await publishedEvent(`${itemId}:paid`);
    await transfer(`退汇 ${number}`, { fen: 10_000, partyName: company.name });
    expect(await imported()).toMatchObject({ lines: { suspense: 1 } });
    expect(await suspenseBy('bounced-payout')).toMatchObject({ amount: '100' });
  });
});

describe('a payment that credits nothing by itself', () => {
  const questioned = async (fault: string, value?: number) => {
    const { customerId } = await aCompany();
    const wechat = payments.sandboxes['wechat-pay'];
    const order = await payments.grpc.StartTopUp({
      ...{ customerId, channel: 'wechat-pay', amount: '50', currency: 'CNY' },
      ...{ idempotencyKey: randomUUID(), ...usualWay },
    });
    await wechat.fault(fault, { on: 'notification', ...(value === undefined ? {} : { value }) });
    const { transactionId = '' } = await wechat.pay(order.topUpId);
    const found = await payments.grpc.GetTopUp({ customerId, topUpId: order.topUpId });
    expect(found).toMatchObject({ status: 'review' });
    return { customerId, topUpId: order.topUpId, providerReference: transactionId };
  };

  it('is credited with what was paid, once two people say so, out of suspense', async () => {
    const { customerId, ...payment } = await questioned('wrongAmount', 250);
    const { suspenseId } = await suspenseBy('amount-differs');
    await publishedEvent(`${String(suspenseId)}:received`);
    await approved({ kind: 'resolve-payment', ...payment, resolution: 'credit' });
    const told = await publishedEvent(`${payment.topUpId}:assigned`);
    expect(told.data).toMatchObject({ customerId, amount: { amount: '52.5', currency: 'CNY' } });
    expect(await payments.grpc.GetTopUp({ customerId, topUpId: payment.topUpId })).toMatchObject({
      status: 'succeeded',
    });
    const again = await decide({ kind: 'resolve-payment', ...payment, resolution: 'pay-back' });
    expect(again).toMatchObject({ status: 409 });
  });

  it('is sent back through its channel, and returned once the provider says that it has gone', async () => {
    const { customerId, ...payment } = await questioned('wrongAmount', -250);
    const { suspenseId } = await suspenseBy('amount-differs');
    await approved({ kind: 'resolve-payment', ...payment, resolution: 'pay-back' });
    const wechat = payments.sandboxes['wechat-pay'];
    const sent = await eventually(async () =>
      (await wechat.refunds()).find(({ outRefundNo }) => outRefundNo.startsWith('pb_')),
    );
    expect(sent).toMatchObject({ refund: 4_750, status: 'PROCESSING' });
    await wechat.endRefund(sent.outRefundNo);
    payments.clock.advance(3);
    const returned = await publishedEvent(`${sent.outRefundNo}:returned`);
    expect(returned.data).toMatchObject({ suspenseId, amount: { amount: '47.5' }, channel: 'wechat-pay' });
    expect(await payments.grpc.GetTopUp({ customerId, topUpId: payment.topUpId })).toMatchObject({
      status: 'paid_back',
    });
  });

  it('that its provider does not send back stays in suspense, for a customer to get', async () => {
    const { customerId, ...payment } = await questioned('wrongAmount', -250);
    const { suspenseId } = await suspenseBy('amount-differs');
    await approved({ kind: 'resolve-payment', ...payment, resolution: 'pay-back' });
    const wechat = payments.sandboxes['wechat-pay'];
    const sent = await eventually(async () =>
      (await wechat.refunds()).find(
        ({ outRefundNo, status }) => outRefundNo.startsWith('pb_') && status === 'PROCESSING',
      ),
    );
    await wechat.endRefund(sent.outRefundNo, 'close');
    payments.clock.advance(3);
    await eventually(async () => {
      const [kept] = await payments.database.query(
        `SELECT 1 FROM suspense JOIN pay_back USING (suspense_id)
          WHERE suspense_id = $1 AND going_back = 0 AND pay_back.status = 'failed'`,
        [suspenseId],
      );
      return kept;
    });
    const parts = [{ customerId, amount: '47.5', currency: 'CNY' }];
    await approved({ kind: 'assign-suspense', suspenseId, parts });
  });

  it('that was given up is not sent by a process that had looked before', async () => {
    const { customerId: _customer, ...payment } = await questioned('wrongAmount', -250);
    const { suspenseId } = await suspenseBy('amount-differs');
    const wechat = payments.sandboxes['wechat-pay'];
    await approved({ kind: 'resolve-payment', ...payment, resolution: 'pay-back' });
    const sent = await eventually(async () =>
      (await wechat.refunds()).find(
        ({ outRefundNo, status }) => outRefundNo.startsWith('pb_') && status === 'PROCESSING',
      ),
    );
    const standing = async () => {
      const [row] = await payments.database.query<{ status: string }>(
        `SELECT pay_back.status FROM suspense JOIN pay_back USING (suspense_id) WHERE suspense_id = $1`,
        [suspenseId],
      );
      return row?.status;
    };
    // As it stood for a process that looked at the very beginning.
    await payments.database.query(`UPDATE pay_back SET status = 'approved' WHERE number = $1`, [
      sent.outRefundNo,
    ]);
    const frozen = frozenReplica(payments);
    const looked = frozen.payBack.handle(sent.outRefundNo);
    await frozen.hasLooked;
    await payments.database.query(`UPDATE pay_back SET status = 'sent' WHERE number = $1`, [
      sent.outRefundNo,
    ]);
    await wechat.endRefund(sent.outRefundNo, 'close');
    payments.clock.advance(3);
    await eventually(async () => ((await standing()) === 'failed' ? true : undefined));
    frozen.goOn();
    await looked;
    expect(await standing()).toBe('failed');
  });

  it('that its provider did not send back is sent again by two people, under another number, and once', async () => {
    const { customerId: _customer, ...payment } = await questioned('wrongAmount', -150);
    const { suspenseId } = await suspenseBy('amount-differs');
    const payBack = { kind: 'resolve-payment', ...payment, resolution: 'pay-back' };
    await approved(payBack);
    const wechat = payments.sandboxes['wechat-pay'];
    const sent = (not = '') =>
      eventually(async () =>
        (await wechat.refunds()).find(
          ({ outRefundNo, status }) =>
            outRefundNo.startsWith('pb_') && status === 'PROCESSING' && outRefundNo !== not,
        ),
      );
    const first = await sent();
    expect(await decide(payBack)).toMatchObject({ status: 409 });
    await wechat.endRefund(first.outRefundNo, 'close');
    payments.clock.advance(3);
    await eventually(async () => {
      const [failed] = await payments.database.query(
        `SELECT 1 FROM pay_back WHERE number = $1 AND status = 'failed'`,
        [first.outRefundNo],
      );
      return failed;
    });
    await approved(payBack);
    expect(await decide(payBack)).toMatchObject({ status: 409 });
    const second = await sent(first.outRefundNo);
    expect(second.refund).toBe(4_850);
    await wechat.endRefund(second.outRefundNo);
    payments.clock.advance(3);
    const returned = await publishedEvent(`${second.outRefundNo}:returned`);
    expect(returned.data).toMatchObject({ suspenseId, amount: { amount: '48.5' } });
  });

  it('that is nobody’s money of ours cannot be sent back by us', async () => {
    const { customerId: _customer, ...payment } = await questioned('foreignApp');
    expect(await decide({ kind: 'resolve-payment', ...payment, resolution: 'pay-back' })).toMatchObject({
      status: 409,
      body: { field: 'resolution' },
    });
  });
});
