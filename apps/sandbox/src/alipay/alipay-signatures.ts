import { createSign, createVerify, type KeyObject } from 'node:crypto';
import { GatewayError } from './gateway-error.ts';

// Written from the documented formats with Node's own primitives, on purpose apart from the merchant's client:
// two implementations of every signature check each other.

const beijingOffsetMs = 8 * 60 * 60 * 1000;
/** How far a request's time may be away. The provider documents none; this is what its sandbox was seen to allow. */
const skewMs = 15 * 60 * 1000;

export type Params = Readonly<Record<string, string>>;

/** Checks what every call of a merchant carries; throws the gateway's own error naming what is wrong. */
export function checkRequest(params: Params, appId: string, appPublicKey: KeyObject): void {
  const wanted = { app_id: appId, sign_type: 'RSA2', charset: 'utf-8', version: '1.0' };
  for (const [name, value] of Object.entries(wanted)) {
    if (params[name] === value) continue;
    throw new GatewayError('40002', `isv.invalid-${name.replace('_', '-')}`, `${name} is not ${value}`);
  }
  const sentAt = new Date(`${(params['timestamp'] ?? '').replace(' ', 'T')}Z`).getTime() - beijingOffsetMs;
  if (Number.isNaN(sentAt) || Math.abs(Date.now() - sentAt) > skewMs)
    throw new GatewayError('40002', 'isv.invalid-timestamp', 'timestamp is not the time in Beijing');
  const verifier = createVerify('RSA-SHA256').update(textOf(filled(params)), 'utf8');
  if (!verifier.verify(appPublicKey, params['sign'] ?? '', 'base64'))
    throw new GatewayError('40002', 'isv.invalid-signature', 'the signature does not match');
}

/** The signature over an answer: over its very text. */
export const signText = (text: string, key: KeyObject): string =>
  createSign('RSA-SHA256').update(text, 'utf8').sign(key, 'base64');

/** A notification's form with its signature; sign and sign_type are not signed. */
export const signForm = (fields: Params, key: KeyObject): Params => ({
  ...fields,
  sign_type: 'RSA2',
  sign: signText(textOf(fields), key),
});

/** `a=1&b=2`, by name. */
const textOf = (params: Params): string =>
  Object.entries(params)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');

/** What of a request is signed: what is empty does not count there, other than in a notification. */
const filled = (params: Params): Params =>
  Object.fromEntries(Object.entries(params).filter(([name, value]) => value !== '' && name !== 'sign'));
