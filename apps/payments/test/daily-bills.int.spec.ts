import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '@app/persistence';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { readAlipayCredentials } from '../src/channels/alipay/alipay-credentials.ts';
import { AlipayClient } from '../src/channels/alipay/alipay.client.ts';
import { type FundLine, type TradeLine, UnreadableBill } from '../src/channels/daily-bill.ts';
import type { PaymentChannel } from '../src/channels/payment-channel.ts';
import { readWechatCredentials } from '../src/channels/wechat-pay/wechat-credentials.ts';
import { WechatPayClient } from '../src/channels/wechat-pay/wechat-pay.client.ts';
import { type Sandboxes, startProviders } from './payments-process.ts';
import type { SandboxProcess } from './provider-sandbox.ts';

const nobody = 'http://127.0.0.1:9';
const directory = mkdtempSync(join(tmpdir(), 'haoli-bills-'));
const file = join(directory, 'bill.csv');
const beijingDay = (): string => new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);

let sandboxes: Sandboxes;
const clients = new Map<string, PaymentChannel>();
/** The first day has a payment of 50, a refund of 12.35, a withdrawal of 10; the second nothing. */
const [first, second] = [beijingDay(), new Date(Date.now() + 32 * 3_600_000).toISOString().slice(0, 10)];
const paid = new Map<string, string>();

const collected = async <Line>(lines: AsyncIterable<Line>): Promise<readonly Line[]> => {
  const all: Line[] = [];
  for await (const line of lines) all.push(line);
  return all;
};

const aDayAt = async (client: PaymentChannel, sandbox: SandboxProcess): Promise<void> => {
  const number = newId('top');
  const amount = { minor: 5_000n, currency: 'CNY' };
  const expiresAt = new Date(Date.now() + 600_000);
  await client.create({ number, amount, description: '充值, "API"', expiresAt, method: 'qr' });
  await sandbox.pay(number);
  const refund = { minor: 1_235n, currency: 'CNY' };
  await client.refund({ number: `r-${number}`, orderNumber: number, refund, paid: amount, reason: 'spec' });
  await sandbox.endRefund(`r-${number}`).catch(() => undefined);
  await sandbox.withdraw(1_000);
  paid.set(client.code, number);
  await sandbox.advance(3 * 24 * 3_600);
};

beforeAll(async () => {
  sandboxes = await startProviders();
  const common = { timeoutMs: 15_000, notifyBaseUrl: nobody, refundSpacingMs: 0 };
  const { 'wechat-pay': wechat, alipay } = sandboxes;
  const wechatClient = new WechatPayClient(readWechatCredentials(wechat.directory), {
    ...common,
    baseUrl: wechat.url,
  });
  const alipayClient = new AlipayClient(readAlipayCredentials(alipay.directory), {
    ...{ ...common, gatewayUrl: `${alipay.url}/gateway.do`, refundWindowDays: 90 },
  });
  for (const client of [wechatClient, alipayClient]) clients.set(client.code, client);
  await Promise.all([aDayAt(wechatClient, wechat), aDayAt(alipayClient, alipay)]);
}, 60_000);
afterEach(async () => {
  await Promise.all(Object.values(sandboxes).map((sandbox) => sandbox.clearFaults()));
});
afterAll(async () => {
  await Promise.all(Object.values(sandboxes).map((sandbox) => sandbox.close()));
  rmSync(directory, { recursive: true });
});

describe.each(['wechat-pay', 'alipay'] as const)('the bills of %s', (code) => {
  const client = (): PaymentChannel => {
    const found = clients.get(code);
    if (!found) throw new Error(`no ${code}`);
    return found;
  };
  const fetched = async (kind: 'trade' | 'fund', day = first) => client().fetchBill({ kind, day, file });
  const tradeLines = async (): Promise<readonly TradeLine[]> => {
    expect(await fetched('trade')).toEqual({ kind: 'ok', value: 'fetched' });
    return collected(client().tradeLines(file));
  };
  const fundLines = async (): Promise<readonly FundLine[]> => {
    expect(await fetched('fund')).toEqual({ kind: 'ok', value: 'fetched' });
    return collected(client().fundLines(file));
  };

  it('tell what was traded, with our numbers, exact amounts and fees, at instants in UTC', async () => {
    const number = paid.get(code) ?? '';
    const lines = await tradeLines();
    expect(lines).toMatchObject([
      { kind: 'payment', number, amount: '50.00', currency: 'CNY', refundNumber: '' },
      { kind: 'refund', number, amount: '12.35', refundNumber: `r-${number}` },
    ]);
    const [payment, refund] = lines;
    expect(refund?.reference).toBe(payment?.reference);
    expect(payment?.fee).toMatch(/^0\.30(000)?$/);
    expect(refund?.fee).toMatch(/^0\.07(410)?$/);
    const age = Date.now() - new Date(payment?.at ?? '').getTime();
    expect(age).toBeGreaterThan(-1_000);
    expect(age).toBeLessThan(120_000);
  });

  it('tell what moved on our account, of which every balance follows from the one before', async () => {
    const lines = await fundLines();
    expect(lines.map(({ kind, direction, amount }) => [kind, direction, amount])).toEqual([
      ['payment', 'in', '50.00'],
      ['fee', 'out', '0.30'],
      ['refund', 'out', '12.35'],
      ['fee-returned', 'in', '0.07'],
      ['settled', 'out', '10.00'],
    ]);
    expect(lines.map(({ balance }) => balance)).toEqual(['50.00', '49.70', '37.35', '37.42', '27.42']);
    expect(new Set(lines.map(({ flow }) => flow)).size).toBe(5);
  });

  it('join each movement to its trade', async () => {
    const trades = await tradeLines();
    const funds = await fundLines();
    const referenceOf = (kind: string) => funds.find((one) => one.kind === kind)?.reference;
    expect(trades.map(({ fundReference }) => fundReference)).toEqual([
      referenceOf('payment'),
      referenceOf('refund'),
    ]);
  });

  it('say that nothing happened on a day without movements', async () => {
    expect(await fetched('trade', second)).toEqual({ kind: 'ok', value: 'none' });
  });

  it('are not made before the morning after', async () => {
    const later = new Date(Date.now() + 96 * 3_600_000).toISOString().slice(0, 10);
    const outcome = await fetched('trade', later);
    expect(outcome.kind).not.toBe('ok');
    expect('code' in outcome && outcome.code).toMatch(/CREATING$/i);
  });

  it.each([
    ['billDigest', code === 'alipay' ? 'SPOILED_ARCHIVE' : 'DIGEST_DIFFERS'],
    ['foreignHost', 'FOREIGN_HOST'],
  ])('are not believed with the fault %s, and can be asked for again', async (fault, told) => {
    await sandboxes[code].fault(fault, { on: 'tradeBill' });
    expect(await fetched('trade')).toMatchObject({ kind: 'failed', code: told, retriable: true });
    expect(await fetched('trade')).toMatchObject({ kind: 'ok' });
  });

  it.each(['trade', 'fund'] as const)(
    'whose %s totals are not those of its lines are no bill',
    async (kind) => {
      await sandboxes[code].fault('billFooter', { on: `${kind}Bill` });
      expect(await fetched(kind)).toMatchObject({ kind: 'ok' });
      const lines = kind === 'trade' ? client().tradeLines(file) : client().fundLines(file);
      await expect(collected<unknown>(lines)).rejects.toThrow(UnreadableBill);
    },
  );

  it('that are cut off are no bill', async () => {
    await fetched('trade');
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.subarray(0, Math.floor(bytes.length * 0.7)));
    await expect(collected(client().tradeLines(file))).rejects.toThrow(UnreadableBill);
  });

  it.each([
    ['billOmit', ['refund 12.35']],
    ['billDuplicate', ['payment 50.00', 'payment 50.00', 'refund 12.35']],
    ['billAlter', ['payment 50.01', 'refund 12.35']],
  ])(
    'with the fault %s tell something else, which is for the reconciliation to find',
    async (fault, told) => {
      await sandboxes[code].fault(fault, { on: 'tradeBill' });
      expect((await tradeLines()).map(({ kind, amount }) => `${kind} ${amount}`)).toEqual(told);
    },
  );
});
