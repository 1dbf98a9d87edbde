import { createDecipheriv, createVerify } from 'node:crypto';
import { z } from 'zod';
import { NotificationRefused, type ProviderNews, type RawNotification } from '../payment-channel.ts';
import { parseExactJson } from './exact-json.ts';
import { refundOf, RefundNews, tradeOf, TransactionAnswer } from './wechat-answers.ts';
import type { WechatCredentials } from './wechat-credentials.ts';

const skewSecondsMax = 300;
const tagBytes = 16;
const probeSignature = 'WECHATPAY/SIGNTEST/';

const Envelope = z.object({
  id: z.string().min(1).max(64),
  event_type: z.string().max(64),
  resource: z.object({
    algorithm: z.literal('AEAD_AES_256_GCM'),
    ciphertext: z.base64(),
    associated_data: z.string().max(64).default(''),
    nonce: z.string().min(12).max(16),
  }),
});
type Envelope = z.infer<typeof Envelope>;

/** Proves that WeChat Pay sent these very bytes just now, opens them, and tells what they say. */
export function readNotification(raw: RawNotification, credentials: WechatCredentials): ProviderNews {
  const serial = checkedSerial(raw, credentials);
  const envelope = parsed(Envelope, raw.body.toString('utf8'), 'bad-envelope');
  const text = opened(envelope.resource, credentials.apiV3Key);
  const { id: key, event_type: type } = envelope;
  const proof = { key, serial };
  if (type === 'TRANSACTION.SUCCESS') {
    return {
      kind: 'payment',
      ...proof,
      trade: tradeOf(parsed(TransactionAnswer, text, 'bad-content'), credentials),
    };
  }
  if (/^REFUND\.(SUCCESS|ABNORMAL|CLOSED)$/.test(type)) {
    const { mchid, refund_status: status, ...rest } = parsed(RefundNews, text, 'bad-content');
    return {
      kind: 'refund',
      ...proof,
      refund: refundOf({ ...rest, status }),
      ours: mchid === credentials.mchid,
    };
  }
  return { kind: 'ignored', ...proof, type };
}

/** The number of the key that proved it. */
function checkedSerial(
  { headers, body, receivedAt }: RawNotification,
  credentials: WechatCredentials,
): string {
  const header = (name: string): string => {
    const value = headers[name];
    if (value === undefined || value === '') throw new NotificationRefused('missing-header', name);
    return value;
  };
  const [timestamp, nonce] = [header('wechatpay-timestamp'), header('wechatpay-nonce')];
  const [signature, serial] = [header('wechatpay-signature'), header('wechatpay-serial')];
  if (signature.startsWith(probeSignature))
    throw new NotificationRefused('probe', 'a signature probe of the provider');
  const age = Math.abs(receivedAt.getTime() / 1000 - Number(timestamp));
  if (!/^\d{1,12}$/.test(timestamp) || age >= skewSecondsMax + 1)
    throw new NotificationRefused('stale', timestamp);
  const key = credentials.platformKeys.get(serial);
  if (!key) throw new NotificationRefused('unknown-serial', serial.slice(0, 64));
  const verifier = createVerify('RSA-SHA256').update(`${timestamp}\n${nonce}\n`).update(body).update('\n');
  if (!verifier.verify(key, signature, 'base64'))
    throw new NotificationRefused('bad-signature', serial.slice(0, 64));
  return serial;
}

/** `final` checks the tag: without it a flipped bit would change an amount and nobody would know. */
function opened({ ciphertext, associated_data, nonce }: Envelope['resource'], apiV3Key: string): string {
  const bytes = Buffer.from(ciphertext, 'base64');
  if (bytes.length <= tagBytes) throw new NotificationRefused('bad-ciphertext', 'too short');
  try {
    const decipher = createDecipheriv('aes-256-gcm', apiV3Key, nonce, { authTagLength: tagBytes })
      .setAuthTag(bytes.subarray(-tagBytes))
      .setAAD(Buffer.from(associated_data, 'utf8'));
    return Buffer.concat([decipher.update(bytes.subarray(0, -tagBytes)), decipher.final()]).toString('utf8');
  } catch {
    throw new NotificationRefused('bad-ciphertext', 'the tag does not match');
  }
}

function parsed<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
  reason: 'bad-envelope' | 'bad-content',
): z.infer<Schema> {
  try {
    return schema.parse(parseExactJson(text));
  } catch (error) {
    throw new NotificationRefused(reason, error instanceof z.ZodError ? z.prettifyError(error) : 'not JSON');
  }
}
