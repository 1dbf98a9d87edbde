import { createCipheriv, createSign, createVerify, type KeyObject, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { PlatformKey } from './sandbox-keys.ts';
import { ProviderError } from '../providers/provider-error.ts';

// Written from the documented formats with Node's own primitives, on purpose apart from the merchant's client:
// two implementations of every signature check each other.

const scheme = 'WECHATPAY2-SHA256-RSA2048';
const skewSecondsMax = 300;
/** How long a nonce is remembered: twice the skew, since a request may be that much older than another. */
const nonceKeptMs = 2 * skewSecondsMax * 1000;

export interface SignedRequest {
  readonly method: string;
  /** Path and query exactly as they came. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface MerchantIdentity {
  readonly mchid: string;
  readonly serial: string;
  readonly publicKey: KeyObject;
}

/** Checks the merchant's signature of a request; throws SIGN_ERROR naming what is wrong with it. */
export class RequestVerifier {
  private readonly nonces = new Map<string, number>();
  private readonly merchant: MerchantIdentity;

  constructor(merchant: MerchantIdentity) {
    this.merchant = merchant;
  }

  verify(request: SignedRequest): void {
    const { authorization = '', accept, 'user-agent': agent } = request.headers;
    if (!accept?.includes('application/json')) throw wrong('the header Accept must allow application/json');
    if (!agent) throw wrong('the header User-Agent is missing');
    const fields = authorizationFields(authorization);
    if (fields.mchid !== this.merchant.mchid) throw wrong('mchid is not a merchant');
    if (fields.serial_no !== this.merchant.serial)
      throw wrong('serial_no is not a certificate of the merchant');
    if (!/^[0-9A-Za-z]{8,64}$/.test(fields.nonce_str)) throw wrong('nonce_str is malformed');
    this.checkAge(fields);
    const text = `${request.method}\n${request.url}\n${fields.timestamp}\n${fields.nonce_str}\n`;
    const verifier = createVerify('RSA-SHA256').update(text).update(request.body).update('\n');
    if (!verifier.verify(this.merchant.publicKey, fields.signature, 'base64'))
      throw wrong('the signature does not match');
    this.remember(fields.nonce_str);
  }

  private checkAge({ timestamp }: AuthorizationFields): void {
    const age = Math.abs(Date.now() / 1000 - Number(timestamp));
    if (!/^\d{10}$/.test(timestamp) || age > skewSecondsMax)
      throw wrong('timestamp is more than five minutes away');
  }

  private remember(nonce: string): void {
    const now = Date.now();
    if (this.nonces.has(nonce)) throw wrong('nonce_str was used before');
    this.nonces.set(nonce, now);
    for (const [old, at] of this.nonces) {
      if (now - at < nonceKeptMs) break;
      this.nonces.delete(old);
    }
  }
}

export interface SigningOptions {
  readonly key: PlatformKey;
  /** Added to the wall clock; a fault makes it stale. */
  readonly skewSeconds?: number;
  /** Told instead of the key's own number. */
  readonly serial?: string;
  /** A wrong signature, of this form. */
  readonly forge?: 'garbled' | 'probe';
}

/** The provider's signature headers over a body, for responses and notifications alike. */
export function signedHeaders(body: string, options: SigningOptions): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1000) + (options.skewSeconds ?? 0));
  const nonce = randomBytes(16).toString('hex');
  const signature = createSign('RSA-SHA256')
    .update(`${timestamp}\n${nonce}\n${body}\n`)
    .sign(options.key.privateKey, 'base64');
  return {
    'Wechatpay-Timestamp': timestamp,
    'Wechatpay-Nonce': nonce,
    'Wechatpay-Signature': forged(signature, options.forge),
    'Wechatpay-Signature-Type': scheme,
    'Wechatpay-Serial': options.serial ?? options.key.serial,
  };
}

export interface SealedResource {
  readonly original_type: string;
  readonly algorithm: 'AEAD_AES_256_GCM';
  readonly ciphertext: string;
  readonly associated_data: string;
  readonly nonce: string;
}

/** Encrypts what a notification tells, with the key that merchant and provider share. */
export function seal(resource: object, kind: string, apiV3Key: Buffer): SealedResource {
  const nonce = randomBytes(6).toString('hex');
  const cipher = createCipheriv('aes-256-gcm', apiV3Key, Buffer.from(nonce, 'ascii'));
  cipher.setAAD(Buffer.from(kind, 'utf8'));
  const text = Buffer.concat([
    cipher.update(JSON.stringify(resource), 'utf8'),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  return {
    original_type: kind,
    algorithm: 'AEAD_AES_256_GCM',
    ciphertext: text.toString('base64'),
    associated_data: kind,
    nonce,
  };
}

interface AuthorizationFields {
  readonly mchid: string;
  readonly nonce_str: string;
  readonly timestamp: string;
  readonly serial_no: string;
  readonly signature: string;
}

function authorizationFields(header: string): AuthorizationFields {
  if (!header.startsWith(`${scheme} `)) throw wrong(`the header Authorization must begin with ${scheme}`);
  const found = new Map<string, string>();
  for (const [, name, value] of header.slice(scheme.length + 1).matchAll(/([a-z_]+)="([^"]*)"/g)) {
    found.set(name ?? '', value ?? '');
  }
  const field = (name: keyof AuthorizationFields): string => {
    const value = found.get(name);
    if (!value) throw wrong(`Authorization lacks ${name}`);
    return value;
  };
  return {
    mchid: field('mchid'),
    nonce_str: field('nonce_str'),
    timestamp: field('timestamp'),
    serial_no: field('serial_no'),
    signature: field('signature'),
  };
}

function forged(signature: string, forge: SigningOptions['forge']): string {
  if (forge === undefined) return signature;
  if (forge === 'probe') return `WECHATPAY/SIGNTEST/${signature.slice(19)}`;
  const bytes = Buffer.from(signature, 'base64');
  bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
  return bytes.toString('base64');
}

const wrong = (reason: string) => new ProviderError(401, 'SIGN_ERROR', `Signature refused: ${reason}.`);
