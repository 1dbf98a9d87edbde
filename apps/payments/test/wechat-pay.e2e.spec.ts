import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { NewOrder } from '../src/channels/payment-channel.ts';
import { unfitForProduction } from '../src/channels/provider-address.ts';
import { readWechatCredentials } from '../src/channels/wechat-pay/wechat-credentials.ts';
import { WechatPayClient } from '../src/channels/wechat-pay/wechat-pay.client.ts';
import { type Heard, type Merchant, reasonOf, startMerchant } from './merchant.ts';
import { SandboxProcess } from './provider-sandbox.ts';

let sandbox: SandboxProcess;
let merchant: Merchant;
let client: WechatPayClient;
let counter = 0;

const order = (minor = 5_000n): NewOrder => {
  counter += 1;
  return {
    number: `top_${String(counter).padStart(26, '0')}`,
    amount: { minor, currency: 'CNY' },
    description: '充值 Top-up',
    expiresAt: new Date(Date.now() + 900_000),
    method: 'qr',
  };
};

const paidOrder = async (minor?: bigint) => {
  const placed = order(minor);
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

const lastHeard = (): Heard => merchant.last();

const read = (from: Heard, receivedAt = new Date()) =>
  client.read({ headers: from.headers as Record<string, string>, body: from.body, receivedAt });

beforeAll(async () => {
  merchant = await startMerchant({ status: 204 });
  sandbox = await SandboxProcess.start('wechat');
  client = new WechatPayClient(readWechatCredentials(sandbox.directory), {
    baseUrl: sandbox.url,
    timeoutMs: 6_000,
    notifyBaseUrl: merchant.url,
    refundSpacingMs: 0,
  });
});
afterEach(async () => {
  merchant.heard = [];
  merchant.answer = { status: 204 };
  await sandbox.clearFaults();
});
afterAll(async () => {
  await sandbox.close();
  merchant.close();
});

describe('a WeChat Pay order', () => {
  it('gives a QR code, is unpaid, is paid, and tells so in a sealed notification', async () => {
    const placed = order();
    const created = await client.create(placed);
    expect(created).toEqual({
      kind: 'ok',
      value: { kind: 'qr', value: expect.stringMatching(/^weixin:\/\/wxpay/) },
    });
    expect(await client.query(placed.number)).toMatchObject({
      kind: 'ok',
      value: { state: 'unpaid', told: placed.amount, ours: true },
    });

    const { transactionId } = await sandbox.pay(placed.number);
    const news = read(lastHeard());
    expect(lastHeard().path).toBe('/webhooks/wechat/pay');
    expect(news).toMatchObject({
      kind: 'payment',
      trade: {
        number: placed.number,
        state: 'paid',
        told: placed.amount,
        reference: transactionId,
        ours: true,
      },
    });
    expect(lastHeard().body.toString()).not.toContain(placed.number);
    expect(await client.query(placed.number)).toMatchObject({ kind: 'ok', value: { state: 'paid' } });
  });

  it('is one order however often it is placed, and refuses the number for another', async () => {
    const placed = order();
    const first = await client.create(placed);
    expect(await client.create(placed)).toEqual(first);
    const other = await client.create({ ...placed, amount: { minor: 1n, currency: 'CNY' } });
    expect(other).toMatchObject({ kind: 'failed', code: 'INVALID_REQUEST', retriable: false });
  });

  it('takes ¥123,456,789.01', async () => {
    const placed = await paidOrder(12_345_678_901n);
    expect(await client.query(placed.number)).toMatchObject({
      kind: 'ok',
      value: { told: { minor: 12_345_678_901n } },
    });
  });

  it('is null where the provider has none', async () => {
    expect(await client.query('top_never_placed')).toEqual({ kind: 'ok', value: null });
  });

  it('is closed, and cannot be closed once it is paid', async () => {
    const placed = order();
    await client.create(placed);
    expect(await client.close(placed.number)).toEqual({ kind: 'ok', value: 'closed' });
    expect(await client.query(placed.number)).toMatchObject({ kind: 'ok', value: { state: 'closed' } });
    const paid = await paidOrder();
    expect(await client.close(paid.number)).toMatchObject({ kind: 'unknown', code: 'ORDER_PAID' });
  });

  it.each([
    ['dropBefore', {}],
    ['dropAfter', {}],
    ['http500', {}],
    ['badSignature', {}],
    ['staleTimestamp', {}],
    ['unknownSerial', {}],
    ['delayMs', { value: 9_000 }],
  ])('is unknown after %s, and the same number still gives one order', async (fault, options) => {
    const placed = order();
    await sandbox.fault(fault, { on: 'create', ...options });
    expect(await client.create(placed)).toMatchObject({ kind: 'unknown' });
    expect(await client.create(placed)).toMatchObject({ kind: 'ok' });
    const orders = await sandbox.orders();
    expect(orders.filter(({ outTradeNo }) => outTradeNo === placed.number)).toHaveLength(1);
  });
});

describe('a WeChat Pay refund', () => {
  it('is accepted, is paid, and tells so', async () => {
    const placed = await paidOrder();
    const asked = await client.refund(refundOf(placed, 'ref_1-1', 1_235n));
    expect(asked).toMatchObject({
      kind: 'ok',
      value: { number: 'ref_1-1', state: 'processing', told: { minor: 1_235n } },
    });
    await sandbox.endRefund('ref_1-1');
    expect(lastHeard().path).toBe('/webhooks/wechat/refund');
    expect(read(lastHeard())).toMatchObject({
      kind: 'refund',
      refund: { number: 'ref_1-1', state: 'paid' },
      ours: true,
    });
    expect(await client.queryRefund({ number: 'ref_1-1', orderNumber: placed.number })).toMatchObject({
      kind: 'ok',
      value: { state: 'paid' },
    });
    // An order of which something was paid back is still a paid order.
    expect(await client.query(placed.number)).toMatchObject({ kind: 'ok', value: { state: 'paid' } });
  });

  it('is one refund however often it is asked for, and never exceeds the payment', async () => {
    const placed = await paidOrder(100n);
    await client.refund(refundOf(placed, 'ref_2-1', 60n));
    expect(await client.refund(refundOf(placed, 'ref_2-1', 60n))).toMatchObject({ kind: 'ok' });
    expect(await client.refund(refundOf(placed, 'ref_2-1', 50n))).toMatchObject({
      kind: 'failed',
      retriable: false,
    });
    expect(await client.refund(refundOf(placed, 'ref_2-2', 41n))).toMatchObject({
      kind: 'failed',
      code: 'INVALID_REQUEST',
      retriable: false,
    });
    expect(await client.refund(refundOf(placed, 'ref_2-3', 40n))).toMatchObject({ kind: 'ok' });
  });

  it('that the merchant cannot pay may be asked for again; one that was never accepted is null', async () => {
    const placed = await paidOrder();
    await sandbox.fault('notEnough', { on: 'refund' });
    expect(await client.refund(refundOf(placed, 'ref_3-1', 1n))).toMatchObject({
      kind: 'failed',
      code: 'NOT_ENOUGH',
      retriable: true,
    });
    expect(await client.queryRefund({ number: 'ref_3-1', orderNumber: placed.number })).toEqual({
      kind: 'ok',
      value: null,
    });
  });
});

describe('a notification', () => {
  it.each([
    ['badSignature', 'bad-signature'],
    ['unknownSerial', 'unknown-serial'],
    ['signTest', 'probe'],
    ['tamperedTag', 'bad-ciphertext'],
  ])('with %s is refused as %s', async (fault, reason) => {
    const placed = order();
    await client.create(placed);
    await sandbox.fault(fault, { on: 'notification' });
    await sandbox.pay(placed.number);
    expect(reasonOf(() => read(lastHeard()))).toBe(reason);
  });

  it.each([
    [299, 'believed'],
    [301, 'stale'],
    [-299, 'believed'],
    [-302, 'stale'],
  ])('that is %i seconds old is %s', async (age, expected) => {
    const placed = order();
    await client.create(placed);
    await sandbox.fault('staleTimestamp', { on: 'notification', value: age });
    await sandbox.pay(placed.number);
    expect(reasonOf(() => read(lastHeard()))).toBe(expected);
  });

  it('comes signed by either key while keys are switched', async () => {
    await paidOrder();
    await paidOrder();
    const serials = merchant.heard.map(({ headers }) => headers['wechatpay-serial']);
    expect(new Set(serials).size).toBe(2);
    expect(merchant.heard.map((one) => reasonOf(() => read(one)))).toEqual(['believed', 'believed']);
  });

  it('is proven by its very bytes: another spacing of the same JSON is refused', async () => {
    await paidOrder();
    const { headers, body, path } = lastHeard();
    const spaced = Buffer.from(JSON.stringify(JSON.parse(body.toString()), undefined, 1));
    expect(reasonOf(() => read({ path, headers, body: spaced }))).toBe('bad-signature');
  });

  it('without its headers is refused', async () => {
    await paidOrder();
    expect(reasonOf(() => read({ path: '', headers: {}, body: lastHeard().body }))).toBe('missing-header');
  });

  it('is sent again on the provider’s schedule until it is acknowledged', async () => {
    merchant.answer = { status: 500 };
    const placed = await paidOrder();
    expect(merchant.heard).toHaveLength(1);
    await sandbox.advance(14);
    expect(merchant.heard).toHaveLength(1);
    await sandbox.advance(1);
    expect(merchant.heard).toHaveLength(2);
    merchant.answer = { status: 204 };
    await sandbox.advance(15);
    await sandbox.advance(86_400);
    expect(merchant.heard).toHaveLength(3);
    expect(merchant.heard.every((one) => reasonOf(() => read(one)) === 'believed')).toBe(true);
    expect(await client.query(placed.number)).toMatchObject({ value: { state: 'paid' } });
  });
});

describe('the sandbox', () => {
  it('wants a minute between two refunds of one order, and refuses old payments and the 51st refund', async () => {
    const strict = await SandboxProcess.start('wechat', { WECHATPAY_SANDBOX_REFUND_SPACING_MS: 60_000 });
    const us = new WechatPayClient(readWechatCredentials(strict.directory), {
      baseUrl: strict.url,
      timeoutMs: 6_000,
      notifyBaseUrl: 'http://127.0.0.1:9',
      refundSpacingMs: 0,
    });
    const placed = order(100n);
    await us.create(placed);
    await strict.pay(placed.number);
    expect(await us.refund(refundOf(placed, 'ref_s-0', 1n))).toMatchObject({ kind: 'ok' });
    expect(await us.refund(refundOf(placed, 'ref_s-1', 1n))).toMatchObject({
      kind: 'failed',
      retriable: true,
    });
    for (let index = 1; index < 50; index += 1) {
      await strict.advance(60);
      expect(await us.refund(refundOf(placed, `ref_s-${index}`, 1n))).toMatchObject({ kind: 'ok' });
    }
    await strict.advance(60);
    expect(await us.refund(refundOf(placed, 'ref_s-50', 1n))).toMatchObject({
      kind: 'failed',
      retriable: false,
    });
    await strict.advance(365 * 86_400);
    const late = await us.refund(refundOf(placed, 'ref_s-51', 1n));
    expect(late).toMatchObject({ kind: 'failed', code: 'INVALID_REQUEST' });
    await strict.close();
  });

  it('keeps its keys to its owner, makes them once, and does not start in production', async () => {
    const modes = ['merchant-private-key.pem', 'api-v3-key'].map(
      (name) => statSync(`${sandbox.directory}/${name}`).mode,
    );
    expect(modes.map((mode) => mode & 0o777)).toEqual([0o600, 0o600]);
    const before = digest(`${sandbox.directory}/merchant-private-key.pem`);
    const second = await SandboxProcess.start('wechat', {}, sandbox.directory);
    await second.close();
    expect(digest(`${sandbox.directory}/merchant-private-key.pem`)).toBe(before);
    await expect(SandboxProcess.start('wechat', { NODE_ENV: 'production' })).rejects.toThrow(
      'status 78: The WeChat',
    );
  });

  it('is refused by a service in production, by its address and by its keys', () => {
    const credentials = readWechatCredentials(sandbox.directory);
    expect(unfitForProduction(credentials, sandbox.url)).toContain('loopback');
    expect(unfitForProduction(credentials, 'http://api.mch.weixin.qq.com')).toContain('https');
    expect(unfitForProduction(credentials, 'https://api.mch.weixin.qq.com')).toContain(
      'generated by the sandbox',
    );
    expect(
      unfitForProduction({ ...credentials, sandbox: false }, 'https://api.mch.weixin.qq.com'),
    ).toBeUndefined();
  });
});

const digest = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
