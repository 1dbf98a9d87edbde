import { createCipheriv, createPrivateKey, createSign, type KeyObject, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AlipayClient } from '../src/channels/alipay/alipay.client.ts';
import { readAlipayCredentials } from '../src/channels/alipay/alipay-credentials.ts';
import { readWechatCredentials } from '../src/channels/wechat-pay/wechat-credentials.ts';
import { WechatPayClient } from '../src/channels/wechat-pay/wechat-pay.client.ts';
import { type Heard, type Merchant, reasonOf, startMerchant } from './merchant.ts';
import { SandboxProcess } from './provider-sandbox.ts';

// Every signature is made here by hand: neither the sandbox's code nor the libraries that payments verifies with.

let wechat: SandboxProcess;
let alipay: SandboxProcess;
let merchant: Merchant;
let liar: Server;
let lie: () => { readonly headers?: Record<string, string>; readonly body: string };
let counter = 0;

const aNumber = (): string => `top_forged_${String((counter += 1)).padStart(8, '0')}`;
const keyOf = (file: string): KeyObject => {
  const [pem = ''] = /-----BEGIN[^]*PRIVATE KEY-----/.exec(readFileSync(file, 'utf8')) ?? [];
  return createPrivateKey(pem);
};
const signed = (text: string, key: KeyObject, algorithm = 'RSA-SHA256'): string =>
  createSign(algorithm).update(text).sign(key, 'base64');
const urlOf = (server: Server) => `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
const order = (number: string) => ({
  ...{ number, amount: { minor: 5_000n, currency: 'CNY' }, description: '充值' },
  ...{ expiresAt: new Date(Date.now() + 900_000), method: 'qr' as const },
});

const wechatAt = (baseUrl: string) =>
  new WechatPayClient(readWechatCredentials(wechat.directory), {
    ...{ baseUrl, timeoutMs: 15_000, notifyBaseUrl: merchant.url, refundSpacingMs: 0 },
  });
const alipayAt = (url: string) =>
  new AlipayClient(readAlipayCredentials(alipay.directory), {
    ...{ gatewayUrl: `${url}/gateway.do`, timeoutMs: 15_000, notifyBaseUrl: merchant.url },
    ...{ refundWindowDays: 90, refundSpacingMs: 0 },
  });

beforeAll(async () => {
  [wechat, alipay] = await Promise.all([SandboxProcess.start('wechat'), SandboxProcess.start('alipay')]);
  merchant = await startMerchant({ status: 200, text: 'success' });
  liar = createServer((_request, response) => {
    const { headers = {}, body } = lie();
    response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(body);
  });
  await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve));
});
beforeEach(() => {
  merchant.heard = [];
});
afterAll(async () => {
  await Promise.all([wechat.close(), alipay.close()]);
  merchant.close();
  liar.close();
});

describe('WeChat Pay, called by somebody who is not us', () => {
  const path = '/v3/pay/transactions/native';
  const us = () => readWechatCredentials(wechat.directory);
  const ourKey = () => keyOf(`${wechat.directory}/merchant-private-key.pem`);
  const providersKey = (serial: string) => keyOf(`${wechat.directory}/provider/${serial}.pem`);

  interface Call {
    readonly key?: KeyObject;
    readonly algorithm?: string;
    readonly scheme?: string;
    /** Put over the fields that are told and signed. */
    readonly fields?: Readonly<Record<string, string>>;
    /** What is signed where that is not what is sent. */
    readonly signs?: { readonly method?: string; readonly path?: string; readonly body?: string };
    readonly body?: Readonly<Record<string, unknown>>;
    readonly without?: string;
  }

  const bodyOf = (number: string, changes: object = {}) => ({
    ...{ appid: us().appid, mchid: us().mchid, description: '充值', out_trade_no: number },
    ...{ notify_url: `${merchant.url}/hear`, amount: { total: 5_000, currency: 'CNY' } },
    ...changes,
  });

  const call = async (number: string, how: Call = {}): Promise<string> => {
    const body = JSON.stringify(bodyOf(number, how.body));
    const fields: Record<string, string> = {
      ...{ mchid: us().mchid, nonce_str: randomBytes(16).toString('hex') },
      ...{ timestamp: String(Math.floor(Date.now() / 1000)), serial_no: us().merchantSerial },
      ...how.fields,
    };
    const [method, told] = [how.signs?.method ?? 'POST', how.signs?.path ?? path];
    const text = `${method}\n${told}\n${fields['timestamp']}\n${fields['nonce_str']}\n${how.signs?.body ?? body}\n`;
    fields['signature'] ??= signed(text, how.key ?? ourKey(), how.algorithm);
    const told_ = Object.entries(fields).filter(([name]) => name !== how.without);
    const authorization = `${how.scheme ?? 'WECHATPAY2-SHA256-RSA2048'} ${told_.map(([name, value]) => `${name}="${value}"`).join(',')}`;
    const headers = { authorization, accept: 'application/json', 'user-agent': 'somebody' };
    const response = await fetch(`${wechat.url}${path}`, { method: 'POST', headers, body });
    return ((await response.json()) as { code?: string }).code ?? 'believed';
  };
  const seconds = (away: number) => ({ fields: { timestamp: String(Math.floor(Date.now() / 1000) + away) } });

  it('believes us', async () => {
    expect(await call(aNumber())).toBe('believed');
    expect(await call(aNumber(), seconds(-298))).toBe('believed');
    expect(await call(aNumber(), seconds(298))).toBe('believed');
  });

  const attempts: Readonly<Record<string, () => Call>> = {
    'another key': () => ({ key: providersKey('PUB_KEY_ID_SANDBOX000000000000000001') }),
    'a weak digest': () => ({ algorithm: 'RSA-SHA1' }),
    'another scheme': () => ({ scheme: 'WECHATPAY2-SM2-WITH-SM3' }),
    'another merchant': () => ({ fields: { mchid: '1900009999' } }),
    'another certificate': () => ({ fields: { serial_no: 'AAAA' } }),
    'a time five minutes ago': () => seconds(-302),
    'a time five minutes ahead': () => seconds(302),
    'a time that is none': () => ({ fields: { timestamp: 'now' } }),
    'a nonce that is none': () => ({ fields: { nonce_str: '' } }),
    'a signature over another method': () => ({ signs: { method: 'PUT' } }),
    'a signature over another path': () => ({ signs: { path: '/v3/pay/transactions/jsapi' } }),
    'a signature over another body': () => ({ signs: { body: '{}' } }),
    'a signature over nothing': () => ({ fields: { signature: 'AAAA' } }),
    'no merchant': () => ({ without: 'mchid' }),
    'no signature': () => ({ without: 'signature' }),
  };

  it.each(Object.keys(attempts))('refuses %s, and has no such order', async (name) => {
    const number = aNumber();
    expect(await call(number, attempts[name]?.())).toBe('SIGN_ERROR');
    expect((await wechat.orders()).filter(({ outTradeNo }) => outTradeNo === number)).toEqual([]);
  });

  it('refuses what was said once before, also about something else', async () => {
    const nonce = { fields: { nonce_str: randomBytes(16).toString('hex') } };
    expect(await call(aNumber(), nonce)).toBe('believed');
    expect(await call(aNumber(), nonce)).toBe('SIGN_ERROR');
  });

  it('refuses another app and another merchant in a body that we signed', async () => {
    const [app, other] = [{ body: { appid: 'wxforeign00000001' } }, { body: { mchid: '1900009999' } }];
    expect(await call(aNumber(), app)).toBe('APPID_MCHID_NOT_MATCH');
    expect(await call(aNumber(), other)).toBe('PARAM_ERROR');
  });

  it('says to our own client with a wrong key that we are configured wrongly, not that the order failed', async () => {
    const credentials = { ...us(), merchantPrivateKey: providersKey('PUB_KEY_ID_SANDBOX000000000000000001') };
    const options = {
      baseUrl: wechat.url,
      timeoutMs: 15_000,
      notifyBaseUrl: merchant.url,
      refundSpacingMs: 0,
    };
    const outcome = await new WechatPayClient(credentials, options).create(order(aNumber()));
    expect(outcome).toMatchObject({ kind: 'failed', code: 'SIGN_ERROR', retriable: true });
  });

  describe('and somebody who answers in its name', () => {
    const [current, earlier] = [
      'PUB_KEY_ID_SANDBOX000000000000000001',
      '5A4D0B0C000000000000000000000000000000A1',
    ] as const;
    const answer = (number: string, changes: object = {}) =>
      JSON.stringify({
        ...{ appid: us().appid, mchid: us().mchid, out_trade_no: number, trade_state: 'SUCCESS' },
        ...{ transaction_id: '4200', success_time: '2026-11-22T16:00:29+08:00' },
        ...{ amount: { total: 5_000, currency: 'CNY' }, ...changes },
      });
    const headersOf = (body: string, { key, serial = current, age = 0 }: Signer = {}) => {
      const timestamp = String(Math.floor(Date.now() / 1000) - age);
      const signature = signed(`${timestamp}\nnonce\n${body}\n`, key ?? providersKey(serial));
      return {
        ...{ 'wechatpay-timestamp': timestamp, 'wechatpay-nonce': 'nonce', 'wechatpay-serial': serial },
        'wechatpay-signature': signature,
      };
    };
    interface Signer {
      readonly key?: KeyObject;
      readonly serial?: string;
      readonly age?: number;
    }
    const asked = (body: string, headers: Record<string, string>) => {
      lie = () => ({ headers, body });
      return wechatAt(urlOf(liar)).query('top_1');
    };

    it.each([current, earlier])('is believed with the key %s, whichever was asked for', async (serial) => {
      const body = answer('top_1');
      expect(await asked(body, headersOf(body, { serial }))).toMatchObject({
        kind: 'ok',
        value: { state: 'paid' },
      });
    });

    it('proves nothing by our own key, by a key under another’s number, too late, about other bytes, or unsigned', async () => {
      const body = answer('top_1');
      const lies = [
        headersOf(body, { key: ourKey() }),
        headersOf(body, { key: providersKey(earlier), serial: current }),
        headersOf(body, { serial: current, age: 302 }),
        headersOf(body, { serial: current, age: -302 }),
        headersOf(`${body} `),
        {},
      ];
      for (const headers of lies) expect(await asked(body, headers)).toMatchObject({ kind: 'unknown' });
    });

    it('proves nothing about this order by a sound answer about another, nor our money by another app’s', async () => {
      const other = answer('top_2');
      expect(await asked(other, headersOf(other))).toMatchObject({ kind: 'unknown' });
      const foreign = answer('top_1', { appid: 'wxforeign00000001' });
      expect(await asked(foreign, headersOf(foreign))).toMatchObject({ kind: 'ok', value: { ours: false } });
    });
  });

  describe('and somebody who notifies in its name', () => {
    const serial = 'PUB_KEY_ID_SANDBOX000000000000000001';
    const content = () => ({
      ...{ appid: us().appid, mchid: us().mchid, out_trade_no: 'top_1', trade_state: 'SUCCESS' },
      ...{ transaction_id: '4200', success_time: '2026-11-22T16:00:29+08:00' },
      amount: { total: 5_000, currency: 'CNY' },
    });
    interface Forged {
      readonly content?: object;
      readonly apiV3Key?: string;
      readonly aad?: string;
      readonly key?: KeyObject;
      readonly algorithm?: string;
      readonly event?: string;
      readonly cipher?: string;
    }
    const notified = (how: Forged = {}): Heard => {
      const iv = randomBytes(6).toString('hex');
      const cipher = createCipheriv('aes-256-gcm', how.apiV3Key ?? us().apiV3Key, iv);
      cipher.setAAD(Buffer.from('transaction'));
      const text = JSON.stringify(how.content ?? content());
      const ciphertext = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
      const body = JSON.stringify({
        ...{ id: 'forged', event_type: how.event ?? 'TRANSACTION.SUCCESS' },
        resource: {
          ...{ algorithm: how.cipher ?? 'AEAD_AES_256_GCM', ciphertext: ciphertext.toString('base64') },
          ...{ associated_data: how.aad ?? 'transaction', nonce: iv },
        },
      });
      const timestamp = String(Math.floor(Date.now() / 1000));
      const signature = signed(`${timestamp}\nn\n${body}\n`, how.key ?? providersKey(serial), how.algorithm);
      const headers = {
        ...{ 'wechatpay-timestamp': timestamp, 'wechatpay-nonce': 'n', 'wechatpay-serial': serial },
        'wechatpay-signature': signature,
      };
      return { path: '', headers, body: Buffer.from(body) };
    };
    const told = ({ headers, body }: Heard, changes: Readonly<Record<string, string>> = {}) =>
      reasonOf(() =>
        wechatAt(wechat.url).read({
          headers: { ...(headers as Record<string, string>), ...changes },
          ...{ body, receivedAt: new Date() },
        }),
      );

    it('is believed when it is the provider', () => {
      expect(told(notified())).toBe('believed');
    });

    it.each<[string, () => Forged, string]>([
      ['our own key', () => ({ key: ourKey() }), 'bad-signature'],
      ['a weak digest', () => ({ algorithm: 'RSA-SHA1' }), 'bad-signature'],
      ['a content that another secret sealed', () => ({ apiV3Key: 'x'.repeat(32) }), 'bad-ciphertext'],
      ['another purpose than was sealed', () => ({ aad: 'refund' }), 'bad-ciphertext'],
      ['a cipher of its own choice', () => ({ cipher: 'NONE' }), 'bad-envelope'],
      ['a payment in the place of a refund', () => ({ event: 'REFUND.SUCCESS' }), 'bad-content'],
      ['a fraction of a fen', () => ({ content: { ...content(), amount: { total: 0.5 } } }), 'bad-content'],
      ['less than nothing', () => ({ content: { ...content(), amount: { total: -1 } } }), 'bad-content'],
    ])('is refused with %s', (_what, how, reason) => {
      expect(told(notified(how()))).toBe(reason);
    });

    it('moves nothing by sound news of something else', () => {
      const raw = notified({ event: 'COMPLAINT.CREATE' });
      const headers = raw.headers as Record<string, string>;
      const news = wechatAt(wechat.url).read({ headers, body: raw.body, receivedAt: new Date() });
      expect(news).toMatchObject({ kind: 'ignored', type: 'COMPLAINT.CREATE' });
    });

    it('is refused with the headers of another notification, and with the number of another key', () => {
      const [one, other] = [notified(), notified()];
      expect(told({ ...one, headers: other.headers })).toBe('bad-signature');
      const wrongSerial = { 'wechatpay-serial': '5A4D0B0C000000000000000000000000000000A1' };
      expect(told(one, wrongSerial)).toBe('bad-signature');
      expect(told(one, { 'wechatpay-nonce': 'm' })).toBe('bad-signature');
    });
  });
});

describe('Alipay, called by somebody who is not us', () => {
  const us = () => readAlipayCredentials(alipay.directory);
  const ourKey = () => keyOf(`${alipay.directory}/app-private-key.pem`);
  const alipaysKey = () => keyOf(`${alipay.directory}/provider/alipay-private-key.pem`);
  const textOf = (params: Readonly<Record<string, string>>) =>
    Object.keys(params)
      .sort()
      .map((name) => `${name}=${String(params[name])}`)
      .join('&');
  const beijing = (awaySeconds: number) =>
    new Date(Date.now() + 8 * 3_600_000 + awaySeconds * 1000).toISOString().slice(0, 19).replace('T', ' ');

  interface Call {
    readonly key?: KeyObject;
    readonly algorithm?: string;
    readonly signed?: Readonly<Record<string, string>>;
    readonly changed?: Readonly<Record<string, string>>;
  }
  const call = async (number: string, how: Call = {}): Promise<string> => {
    const params: Record<string, string> = {
      ...{ app_id: us().appId, method: 'alipay.trade.precreate', charset: 'utf-8', version: '1.0' },
      ...{ sign_type: 'RSA2', timestamp: beijing(0), notify_url: `${merchant.url}/hear` },
      biz_content: JSON.stringify({ out_trade_no: number, total_amount: '50.00', subject: '充值' }),
      ...how.signed,
    };
    params['sign'] = signed(textOf(params), how.key ?? ourKey(), how.algorithm);
    const body = new URLSearchParams({ ...params, ...how.changed });
    const response = await fetch(`${alipay.url}/gateway.do`, { method: 'POST', body });
    const { alipay_trade_precreate_response: told } = (await response.json()) as Record<
      string,
      { code: string; sub_code?: string } | undefined
    >;
    return told?.code === '10000' ? 'believed' : (told?.sub_code ?? '');
  };

  it('believes us', async () => {
    expect(await call(aNumber())).toBe('believed');
    expect(await call(aNumber(), { signed: { timestamp: beijing(-840) } })).toBe('believed');
  });

  const attempts: Readonly<Record<string, [() => Call, string]>> = {
    'another key': [() => ({ key: alipaysKey() }), 'isv.invalid-signature'],
    'a weak digest': [() => ({ algorithm: 'RSA-SHA1' }), 'isv.invalid-signature'],
    'a weak digest that says so': [
      () => ({ algorithm: 'RSA-SHA1', signed: { sign_type: 'RSA' } }),
      'isv.invalid-sign-type',
    ],
    'another app': [() => ({ signed: { app_id: '2021999999999999' } }), 'isv.invalid-app-id'],
    'another place for its notifications': [
      () => ({ changed: { notify_url: 'http://127.0.0.1:9/mine' } }),
      'isv.invalid-signature',
    ],
    'another amount': [
      () => ({ changed: { biz_content: '{"out_trade_no":"top_1","total_amount":"0.01","subject":"x"}' } }),
      'isv.invalid-signature',
    ],
    'another method': [() => ({ changed: { method: 'alipay.trade.refund' } }), 'isv.invalid-signature'],
    'a parameter more': [
      () => ({ changed: { return_url: 'https://evil.example' } }),
      'isv.invalid-signature',
    ],
    'no signature': [() => ({ changed: { sign: '' } }), 'isv.invalid-signature'],
    'a time a quarter of an hour ago': [
      () => ({ signed: { timestamp: beijing(-920) } }),
      'isv.invalid-timestamp',
    ],
    'a time of another zone': [
      () => ({ signed: { timestamp: beijing(-8 * 3_600) } }),
      'isv.invalid-timestamp',
    ],
  };
  it.each(Object.keys(attempts))('refuses %s, and has no such order', async (name) => {
    const number = aNumber();
    const [how, code] = attempts[name] ?? [() => ({}), ''];
    const told = await call(number, how());
    // The answer to another method has another name, which is no success either.
    expect(told).toBe(name === 'another method' ? '' : code);
    expect((await alipay.orders()).filter(({ outTradeNo }) => outTradeNo === number)).toEqual([]);
  });

  describe('and somebody who answers in its name', () => {
    const answer = (changes: object = {}) =>
      JSON.stringify({
        ...{
          code: '10000',
          msg: 'Success',
          out_trade_no: 'top_1',
          trade_no: '2026',
          trade_status: 'TRADE_SUCCESS',
        },
        ...{ total_amount: '50.00', send_pay_date: '2026-11-22 16:00:29', ...changes },
      });
    const asked = (text: string, sign?: string) => {
      lie = () => ({
        body: `{"alipay_trade_query_response":${text}${sign === undefined ? '' : `,"sign":"${sign}"`}}`,
      });
      return alipayAt(urlOf(liar)).query('top_1');
    };

    it('is believed with its key alone, about the very text, and about this order', async () => {
      const text = answer();
      expect(await asked(text, signed(text, alipaysKey()))).toMatchObject({
        kind: 'ok',
        value: { state: 'paid' },
      });
      const lies = [
        [text, undefined],
        [text, signed(text, ourKey())],
        [text, signed(text, alipaysKey(), 'RSA-SHA1')],
        [text, signed(answer({ total_amount: '1.00' }), alipaysKey())],
        [answer({ out_trade_no: 'top_2' }), signed(answer({ out_trade_no: 'top_2' }), alipaysKey())],
      ] as const;
      for (const [told, sign] of lies) expect(await asked(told, sign)).toMatchObject({ kind: 'unknown' });
    });
  });

  describe('and somebody who notifies in its name', () => {
    const form = () => ({
      ...{ notify_id: 'forged', app_id: us().appId, seller_id: us().sellerId, charset: 'utf-8' },
      ...{ out_trade_no: 'top_1', trade_no: '2026', trade_status: 'TRADE_SUCCESS', total_amount: '50.00' },
      gmt_payment: '2026-11-22 16:00:29',
    });
    const told = (fields: Readonly<Record<string, string>>, sign: string, changes: object = {}) => {
      const body = Buffer.from(
        new URLSearchParams({ ...fields, sign_type: 'RSA2', sign, ...changes } as Record<
          string,
          string
        >).toString(),
      );
      return reasonOf(() => alipayAt(alipay.url).read({ headers: {}, body, receivedAt: new Date() }));
    };

    it.each([
      [{ trade_status: 'WAIT_BUYER_PAY' }, { kind: 'ignored' }],
      [{ trade_status: 'TRADE_FINISHED' }, { kind: 'payment', trade: { state: 'paid' } }],
      [
        { trade_status: 'TRADE_FINISHED', refund_fee: '1.00', out_biz_no: 'ref_1-1' },
        { kind: 'refund-hint', number: 'ref_1-1' },
      ],
      [{ trade_status: 'TRADE_CLOSED', refund_fee: '50.00', out_biz_no: 'ref_1-1' }, { kind: 'refund-hint' }],
    ])('with %j is not mistaken for another thing', (changes, news) => {
      const fields = { ...form(), ...changes };
      const sign = signed(textOf(fields), alipaysKey());
      const body = Buffer.from(new URLSearchParams({ ...fields, sign_type: 'RSA2', sign }).toString());
      expect(alipayAt(alipay.url).read({ headers: {}, body, receivedAt: new Date() })).toMatchObject(news);
    });

    it('is believed with its key alone, about every field', () => {
      const sound = signed(textOf(form()), alipaysKey());
      expect(told(form(), sound)).toBe('believed');
      expect(told(form(), signed(textOf(form()), ourKey()))).toBe('bad-signature');
      expect(told(form(), signed(textOf(form()), alipaysKey(), 'RSA-SHA1'))).toBe('bad-signature');
      for (const [name, value] of Object.entries(form()))
        if (name !== 'charset') expect(told(form(), sound, { [name]: `${value}0` })).toBe('bad-signature');
      expect(told(form(), sound, { refund_fee: '50.00' })).toBe('bad-signature');
      expect(told(form(), sound, { sign_type: 'RSA' })).toBe('bad-envelope');
    });
  });
});
