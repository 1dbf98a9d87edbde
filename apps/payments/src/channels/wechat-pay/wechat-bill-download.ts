import { createGunzip } from 'node:zlib';
import { Formatter, Rsa } from 'wechatpay-axios-plugin';
import { downloadBill } from '../bill-download.ts';
import type { Outcome } from '../payment-channel.ts';
import type { BillAnswer } from './wechat-answers.ts';
import type { WechatCredentials } from './wechat-credentials.ts';
import type { ProviderFailure } from './wechat-failures.ts';

interface Place {
  readonly baseUrl: string;
  readonly credentials: WechatCredentials;
  readonly file: string;
}

/** Fetches what a signed answer offers. The file itself carries no signature: the digest in the answer speaks for it. */
export function fetchWechatBill(
  { download_url: url, hash_value: sha1 }: BillAnswer,
  { baseUrl, credentials, file }: Place,
): Promise<Outcome<'fetched'>> {
  const { pathname, search } = new URL(url);
  const [timestamp, nonce] = [String(Formatter.timestamp()), Formatter.nonce()];
  const { mchid, merchantSerial, merchantPrivateKey } = credentials;
  const message = Formatter.request('GET', `${pathname}${search}`, timestamp, nonce);
  const signature = Rsa.sign(message, merchantPrivateKey);
  const headers = {
    Accept: 'application/json',
    Authorization: Formatter.authorization(mchid, nonce, signature, timestamp, merchantSerial),
    'User-Agent': 'haoli-payments',
  };
  const hosts = [new URL(baseUrl).host];
  return downloadBill({ url, headers, hosts, file, through: createGunzip(), sha1 });
}

/** The provider says so where nothing happened that day; it spells codes with and without underscores. */
export const saysNoBill = ({ code }: ProviderFailure): boolean =>
  ['NOSTATEMENTEXIST', 'NOBILLEXIST'].includes(code.toUpperCase().replaceAll('_', ''));
