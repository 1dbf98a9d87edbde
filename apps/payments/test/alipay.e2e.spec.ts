import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { readAlipayCredentials } from '../src/channels/alipay/alipay-credentials.ts';
import { AlipayClient } from '../src/channels/alipay/alipay.client.ts';
import type { NewOrder } from '../src/channels/payment-channel.ts';
import { unfitForProduction } from '../src/channels/provider-address.ts';
import { type Merchant, reasonOf, startMerchant } from './merchant.ts';
import { SandboxProcess } from './provider-sandbox.ts';

let sandbox: SandboxProcess;
let merchant: Merchant;
let client: AlipayClient;
let counter = 0;

const clientOf = (of: SandboxProcess, changes: object = {}) =>
  new AlipayClient(readAlipayCredentials(of.directory), {
    gatewayUrl: `${of.url}/gateway.do`,
    timeoutMs: 6_000,
    notifyBaseUrl: merchant.url,
    refundWindowDays: 90,
    refundSpacingMs: 0,
    ...changes,
  });

const order = (changes: Partial<NewOrder> = {}): NewOrder => {
  counter += 1;
  return {
    number: `top_${String(counter).padStart(26, '0')}`,
    amount: { minor: 5_000n, currency: 'CNY' },
    description: '充值 Top-up 100% & 更多',
    expiresAt: new Date(Date.now() + 900_000),
    method: 'qr',
    ...changes,
  };
};

const paidOrder = async (minor = 5_000n) => {
  const placed = order({ amount: { minor, currency: 'CNY' } });
  await client.create(placed);
  await sandbox.pay(placed.number);
  return placed;
};

const refundOf = (placed: NewOrder, number: string, minor: bigint) => ({
  number,
  orderNumber: placed.number,
  refund: { minor, currency: 'CNY' },
  paid: placed.amount,
  reason: '退款',
});

const lastHeard = (): Buffer => merchant.last().body;
const read = (body: Buffer) => client.read({ headers: {}, body, receivedAt: new Date() });

beforeAll(async () => {
  merchant = await startMerchant({ status: 200, text: 'success' });
  sandbox = await SandboxProcess.start('alipay');
  client = clientOf(sandbox);
});
afterEach(async () => {
  merchant.heard = [];
  merchant.answer = { status: 200, text: 'success' };
  await sandbox.clearFaults();
});
afterAll(async () => {
  await sandbox.close();
  merchant.close();
});

describe('an Alipay order', () => {
  it('gives a QR code, does not exist before it is scanned, is paid, and tells so', async () => {
    const placed = order();
    expect(await client.create(placed)).toEqual({
      kind: 'ok',
      value: { kind: 'qr', value: expect.stringMatching(/^https:\/\/qr\.alipay\.com/) },
    });
    expect(await client.query(placed.number)).toEqual({ kind: 'ok', value: null });
    const { transactionId } = await sandbox.pay(placed.number);
    const paid = { number: placed.number, state: 'paid', told: placed.amount, reference: transactionId };
    expect(read(lastHeard())).toMatchObject({ kind: 'payment', trade: { ...paid, ours: true } });
    expect(await client.query(placed.number)).toMatchObject({ kind: 'ok', value: paid });
  });

  it('is a page that only an unchanged address opens', async () => {
    const action = await client.create(
      order({ method: 'page', returnUrl: 'https://shop.example/x?a=1&b=2' }),
    );
    const url = action.kind === 'ok' ? action.value.value : '';
    expect(new URL(url).searchParams.get('return_url')).toBe('https://shop.example/x?a=1&b=2');
    expect((await fetch(url)).status).toBe(200);
    const changed = new URL(url);
    changed.searchParams.set('return_url', 'https://evil.example');
    expect((await fetch(changed)).status).toBe(400);
  });

  it('is one order however often it is placed, and refuses the number for another', async () => {
    const placed = order();
    const first = await client.create(placed);
    expect(await client.create(placed)).toEqual(first);
    const other = await client.create({ ...placed, amount: { minor: 1n, currency: 'CNY' } });
    expect(other).toMatchObject({ kind: 'failed', code: 'ACQ.CONTEXT_INCONSISTENT', retriable: false });
  });

  it('is closed once it was seen; what nobody has seen cannot be closed', async () => {
    const placed = order();
    await client.create(placed);
    expect(await client.close(placed.number)).toMatchObject({ kind: 'failed', code: 'ACQ.TRADE_NOT_EXIST' });
    const paid = await paidOrder();
    expect(await client.close(paid.number)).toMatchObject({ kind: 'failed', code: 'ACQ.TRADE_STATUS_ERROR' });
  });

  it.each([
    // The library asks a second time by itself where the connection breaks.
    ['dropBefore', { times: 2 }],
    ['dropAfter', { times: 2 }],
    ['http500', {}],
    ['badSignature', {}],
    ['unsigned', {}],
    ['delayMs', { value: 9_000 }],
  ])('is unknown after %s, and the same number still gives one order', async (fault, options) => {
    const placed = order();
    await sandbox.fault(fault, { on: 'create', ...options });
    expect(await client.create(placed)).toMatchObject({ kind: 'unknown' });
    expect(await client.create(placed)).toMatchObject({ kind: 'ok' });
    const orders = await sandbox.orders();
    expect(orders.filter(({ outTradeNo }) => outTradeNo === placed.number)).toHaveLength(1);
  });

  it('is told in the time of Beijing by a process in another time zone', () => {
    // The sandbox refuses a timestamp that is not Beijing's; these specs run in UTC.
    expect(new Date().getTimezoneOffset()).toBe(0);
  });

  it('of an app whose key is not ours is refused as our own fault, not as the order’s', async () => {
    const foreign = readFileSync(`${sandbox.directory}/provider/alipay-private-key.pem`, 'utf8');
    const [pem = ''] = /-----BEGIN[^]*-----END PRIVATE KEY-----/.exec(foreign) ?? [];
    const credentials = { ...readAlipayCredentials(sandbox.directory), appPrivateKey: pem };
    const wrong = new AlipayClient(credentials, {
      gatewayUrl: `${sandbox.url}/gateway.do`,
      timeoutMs: 6_000,
      notifyBaseUrl: 'http://127.0.0.1:9',
      refundWindowDays: 90,
      refundSpacingMs: 0,
    });
    expect(await wrong.create(order())).toMatchObject({
      kind: 'failed',
      code: 'isv.invalid-signature',
      retriable: true,
    });
  });
});

describe('an Alipay refund', () => {
  it('is paid by the very call, and found by asking', async () => {
    const placed = await paidOrder();
    expect(await client.refund(refundOf(placed, 'ref_1-1', 1_235n))).toMatchObject({
      kind: 'ok',
      value: { number: 'ref_1-1', state: 'paid', told: { minor: 1_235n } },
    });
    expect(await client.queryRefund({ number: 'ref_1-1', orderNumber: placed.number })).toMatchObject({
      kind: 'ok',
      value: { state: 'paid', told: { minor: 1_235n } },
    });
    // An order of which something was paid back is still a paid order, also when all of it was.
    await client.refund(refundOf(placed, 'ref_1-2', 3_765n));
    expect(await client.query(placed.number)).toMatchObject({ kind: 'ok', value: { state: 'paid' } });
  });

  it('is told as TRADE_SUCCESS once more, which is no payment', async () => {
    const placed = await paidOrder();
    await client.refund(refundOf(placed, 'ref_2-1', 10n));
    expect(lastHeard().toString()).toContain('trade_status=TRADE_SUCCESS');
    expect(read(lastHeard())).toMatchObject({ kind: 'refund-hint', number: 'ref_2-1', ours: true });
  });

  it('that is repeated is unknown until a query tells, and moves nothing twice', async () => {
    const placed = await paidOrder(100n);
    await client.refund(refundOf(placed, 'ref_3-1', 60n));
    expect(await client.refund(refundOf(placed, 'ref_3-1', 60n))).toMatchObject({
      kind: 'unknown',
      code: 'FUND_CHANGE_N',
    });
    expect(await client.refund(refundOf(placed, 'ref_3-1', 50n))).toMatchObject({
      kind: 'unknown',
      code: 'ACQ.DISCORDANT_REPEAT_REQUEST',
    });
    expect(await client.refund(refundOf(placed, 'ref_3-2', 41n))).toMatchObject({
      kind: 'failed',
      code: 'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL',
      retriable: false,
    });
  });

  it('that is not done yet, or was never asked for, is null: success without a content is no success', async () => {
    const placed = await paidOrder();
    await sandbox.fault('fundChangeN', { on: 'refund' });
    expect(await client.refund(refundOf(placed, 'ref_4-1', 1n))).toMatchObject({ kind: 'unknown' });
    for (const number of ['ref_4-1', 'ref_never']) {
      expect(await client.queryRefund({ number, orderNumber: placed.number })).toEqual({
        kind: 'ok',
        value: null,
      });
    }
    await sandbox.endRefund('ref_4-1');
    const asked = { number: 'ref_4-1', orderNumber: placed.number };
    expect(await client.queryRefund(asked)).toMatchObject({ value: { state: 'paid' } });
  });

  it('that the merchant cannot pay may be asked for again', async () => {
    const placed = await paidOrder();
    await sandbox.fault('notEnough', { on: 'refund' });
    expect(await client.refund(refundOf(placed, 'ref_5-1', 1n))).toMatchObject({
      kind: 'failed',
      retriable: true,
      because: 'no-funds',
    });
  });

  it('needs some seconds after the one before, and the contract’s window', async () => {
    const strict = await SandboxProcess.start('alipay', { ALIPAY_SANDBOX_REFUND_SPACING_MS: 60_000 });
    const us = clientOf(strict);
    const placed = order();
    await us.create(placed);
    await strict.pay(placed.number);
    expect(await us.refund(refundOf(placed, 'ref_s-0', 1n))).toMatchObject({ kind: 'ok' });
    expect(await us.refund(refundOf(placed, 'ref_s-1', 1n))).toMatchObject({ kind: 'unknown' });
    await strict.advance(60);
    expect(await us.refund(refundOf(placed, 'ref_s-1', 1n))).toMatchObject({ kind: 'ok' });
    await strict.advance(90 * 86_400);
    expect(await us.refund(refundOf(placed, 'ref_s-2', 1n))).toMatchObject({
      kind: 'failed',
      retriable: false,
      because: 'past-window',
    });
    await strict.close();
  });
});

describe('a notification of Alipay', () => {
  const changed = (body: Buffer, changes: Readonly<Record<string, string>>): Buffer => {
    const form = new URLSearchParams(body.toString());
    for (const [name, value] of Object.entries(changes)) form.set(name, value);
    return Buffer.from(form.toString());
  };

  it.each([
    [{ total_amount: '900.00' }, 'bad-signature'],
    [{ trade_status: 'TRADE_FINISHED' }, 'bad-signature'],
    [{ sign_type: 'RSA' }, 'bad-envelope'],
    [{ sign_type: 'MD5' }, 'bad-envelope'],
    [{ charset: 'gbk' }, 'bad-envelope'],
    [{ sign: '' }, 'missing-header'],
    [{ sign: 'bm90IGEgc2lnbmF0dXJl' }, 'bad-signature'],
  ])('with %j is refused as %s', async (changes, reason) => {
    await paidOrder();
    expect(reasonOf(() => read(lastHeard()))).toBe('believed');
    expect(reasonOf(() => read(changed(lastHeard(), changes)))).toBe(reason);
  });

  it('in which a field comes twice is refused, whichever of the two was signed', async () => {
    await paidOrder();
    const body = lastHeard().toString();
    expect(reasonOf(() => read(Buffer.from(`${body}&total_amount=900.00`)))).toBe('bad-envelope');
    expect(reasonOf(() => read(Buffer.from(`total_amount=900.00&${body}`)))).toBe('bad-envelope');
  });

  it.each(['foreignApp', 'foreignSeller'])('of a %s is proven and not ours', async (fault) => {
    const placed = order();
    await client.create(placed);
    await sandbox.fault(fault, { on: 'notification' });
    await sandbox.pay(placed.number);
    expect(read(lastHeard())).toMatchObject({ kind: 'payment', trade: { ours: false } });
  });

  it('is sent again on the provider’s schedule until the answer is `success` and nothing else', async () => {
    merchant.answer = { status: 200, text: 'success!' };
    await paidOrder();
    expect(merchant.heard).toHaveLength(1);
    await sandbox.advance(239);
    expect(merchant.heard).toHaveLength(1);
    await sandbox.advance(1);
    expect(merchant.heard).toHaveLength(2);
    merchant.answer = { status: 200, text: 'success' };
    await sandbox.advance(600);
    await sandbox.advance(90_000);
    expect(merchant.heard).toHaveLength(3);
  });
});

describe('the Alipay sandbox', () => {
  it('does not start in production, and is refused there by its address and by its keys', async () => {
    await expect(SandboxProcess.start('alipay', { NODE_ENV: 'production' })).rejects.toThrow(
      'status 78: The Alipay',
    );
    const credentials = readAlipayCredentials(sandbox.directory);
    expect(unfitForProduction(credentials, `${sandbox.url}/gateway.do`)).toContain('loopback');
    expect(unfitForProduction(credentials, 'https://openapi.alipay.com/gateway.do')).toContain(
      'generated by the sandbox',
    );
    const real = { ...credentials, sandbox: false };
    expect(unfitForProduction(real, 'https://openapi.alipay.com/gateway.do')).toBeUndefined();
  });
});
