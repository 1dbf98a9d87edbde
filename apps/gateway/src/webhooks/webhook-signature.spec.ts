import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { signatureHeaders, webhookSecret } from './webhook-signature.ts';

const root = 'a pepper of at least thirty-two characters';
const endpoint = { endpointId: 'whk_1', secretNumber: 2, previousSecretUntil: '2026-11-23T08:00:00.000000Z' };
const message = {
  ...{ eventId: 'evt_1', body: '{"type":"balance.low","data":{"名":"值"}}', at: '2026-11-22T08:00:00.5Z' },
};
const client = new OpenAI({ apiKey: 'sk-none' });
const longAgo = 100 * 365 * 86_400;
const verified = (headers: Readonly<Record<string, string>>, secret: string) =>
  client.webhooks.verifySignature(message.body, { ...headers }, secret, longAgo);

describe('signatureHeaders', () => {
  it('are those of Standard Webhooks: HMAC-SHA256 over id, seconds and body', () => {
    const { 'webhook-signature': signature, ...rest } = signatureHeaders(
      root,
      { ...endpoint, previousSecretUntil: null },
      message,
    );
    const key = Buffer.from(webhookSecret(root, 'whk_1', 2).replace('whsec_', ''), 'base64');
    const signed = `evt_1.1795334400.${message.body}`;
    expect(rest).toEqual({ 'webhook-id': 'evt_1', 'webhook-timestamp': '1795334400' });
    expect(signature).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  });

  it('are accepted by OpenAI’s own client under both secrets for as long as both are good', async () => {
    const both = signatureHeaders(root, endpoint, message);
    await verified(both, webhookSecret(root, 'whk_1', 2));
    await verified(both, webhookSecret(root, 'whk_1', 1));
    const later = signatureHeaders(root, endpoint, { ...message, at: '2026-11-23T08:00:00Z' });
    await verified(later, webhookSecret(root, 'whk_1', 2));
    await expect(verified(later, webhookSecret(root, 'whk_1', 1))).rejects.toThrow();
  });

  it('are refused for another body and for another endpoint’s secret', async () => {
    const headers = signatureHeaders(root, endpoint, { ...message, body: '{}' });
    await expect(verified(headers, webhookSecret(root, 'whk_1', 2))).rejects.toThrow();
    await expect(
      verified(signatureHeaders(root, endpoint, message), webhookSecret(root, 'whk_2', 2)),
    ).rejects.toThrow();
  });
});

describe('webhookSecret', () => {
  it('has 32 bytes, and is another for every endpoint, number and root', () => {
    const secrets = [
      webhookSecret(root, 'whk_1', 1),
      webhookSecret(root, 'whk_1', 2),
      webhookSecret(root, 'whk_2', 1),
      webhookSecret(`${root}.`, 'whk_1', 1),
    ];
    expect(new Set(secrets).size).toBe(4);
    for (const secret of secrets)
      expect(Buffer.from(secret.replace(/^whsec_/, ''), 'base64')).toHaveLength(32);
  });
});
