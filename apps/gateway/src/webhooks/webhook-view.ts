import { AmountText } from '@app/contracts';
import { z } from 'zod';
import { noticeTypes } from './notice.ts';

const Events = z
  .array(z.enum(noticeTypes))
  .min(1)
  .max(noticeTypes.length)
  .transform((events) => [...new Set(events)])
  .describe('What to tell of.');

const Url = z.string().min(1).max(2_048).describe('An https:// address of yours on the public Internet.');
const Description = z.string().trim().max(200);

/** A new endpoint. */
export const NewWebhook = z.strictObject({
  url: Url,
  events: Events.default([...noticeTypes]),
  description: Description.default(''),
});
export type NewWebhook = z.infer<typeof NewWebhook>;

/** What is changed of an endpoint; what is not said stays. */
export const ChangedWebhook = z.strictObject({
  url: Url.optional(),
  events: Events.optional(),
  description: Description.optional(),
  status: z.enum(['enabled', 'disabled']).optional(),
});
export type ChangedWebhook = z.infer<typeof ChangedWebhook>;

/** Where a customer's events go to. */
export const WebhookView = z.object({
  object: z.literal('webhook'),
  id: z.string(),
  url: z.string(),
  description: z.string(),
  events: z.array(z.enum(noticeTypes)),
  status: z.enum(['enabled', 'disabled']),
  disabled_reason: z
    .enum(['customer', 'failing', 'gone'])
    .nullable()
    .describe('You; nothing was taken for three days; your server answered 410.'),
  previous_secret_until: z
    .string()
    .nullable()
    .describe('Until then the secret before the rotation signs as well.'),
  failing_since: z.string().nullable(),
  created_at: z.string(),
});
export type WebhookView = z.infer<typeof WebhookView>;

/** An endpoint with its secret. */
export const SecretWebhookView = WebhookView.extend({
  secret: z.string().describe('Shown this once; verifies webhook-signature.'),
});
export type SecretWebhookView = z.infer<typeof SecretWebhookView>;

/** The endpoints of a customer, oldest first. */
export const WebhookList = z.object({ object: z.literal('list'), data: z.array(WebhookView) });
export type WebhookList = z.infer<typeof WebhookList>;

/** That an endpoint is no more. */
export const DeletedWebhook = z.object({
  object: z.literal('webhook'),
  id: z.string(),
  deleted: z.literal(true),
});
export type DeletedWebhook = z.infer<typeof DeletedWebhook>;

/** An event on its way to an endpoint. */
export const DeliveryView = z.object({
  object: z.literal('webhook_delivery'),
  id: z.string(),
  event_id: z.string().describe('webhook-id: the same at every attempt and at every endpoint.'),
  type: z.string(),
  status: z.enum(['pending', 'delivered', 'failed']),
  attempts: z.int(),
  next_attempt_at: z.string().nullable(),
  last_attempt_at: z.string().nullable(),
  response_status: z.int().nullable().describe('What your server answered last.'),
  failure: z
    .string()
    .nullable()
    .describe('timed_out, unreachable, forbidden_address, answered (no 2xx), or disabled.'),
  body: z.string().describe('What was signed and sent.'),
  created_at: z.string(),
});
export type DeliveryView = z.infer<typeof DeliveryView>;

/** A page of deliveries, newest first. */
export const DeliveryPage = z.object({
  object: z.literal('list'),
  data: z.array(DeliveryView),
  has_more: z.boolean(),
  next_page: z.string().nullable(),
});
export type DeliveryPage = z.infer<typeof DeliveryPage>;

/** The balances under which a customer is told. */
export const BalanceAlerts = z.strictObject({
  thresholds: z
    .array(AmountText.refine((text) => text !== '0', 'must be more than zero'))
    .max(20)
    .describe(
      'In the wallet’s currency. At or below each you are told once, and again after the balance rose above.',
    ),
});
export type BalanceAlerts = z.infer<typeof BalanceAlerts>;
