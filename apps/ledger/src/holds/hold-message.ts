import { hash } from 'node:crypto';
import { type BudgetLimit, Instant } from '@app/bookkeeping';
import { AmountText, canonicalText, Id, InstantText, MoneyText } from '@app/contracts';
import { Units18 } from '@app/money';
import { z } from 'zod';
import type { PostRequest } from '../journal/journal.ts';

/** An id that may be absent; protobuf says so by an empty text. */
const OptionalId = z.union([Id, z.literal('').transform(() => null)]);
const OptionalInstant = z.union([InstantText, z.literal('').transform(() => null)]);

/** Windows of time that a budget may count in, and the pattern of their names. */
const periods = [
  ['total', /^total$/],
  ['month', /^\d{4}-(?:0[1-9]|1[0-2])$/],
  ['day', /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/],
] as const;
const periodOf = (window: string): string => periods.find(([, pattern]) => pattern.test(window))?.[0] ?? '';

/** What a key, or the customer, may spend in a window of time. */
export const BudgetLimitMessage = z.object({
  owner: z.enum(['key', 'customer']),
  window: z
    .string()
    .refine(
      (window) => periodOf(window) !== '',
      'must be a day such as "2026-11-22", a month such as "2026-11", or "total"',
    ),
  limit: AmountText,
});

/** The limits of a hold: one for each owner and kind of window, so at most six. */
export const BudgetLimits = z
  .array(BudgetLimitMessage)
  .max(6)
  .refine(
    (limits) =>
      new Set(limits.map(({ owner, window }) => `${owner} ${periodOf(window)}`)).size === limits.length,
    'must have one limit for each owner and kind of window',
  );

/** A limit of a key must say which key. */
const namesItsKey = ({
  keyId,
  limits,
}: {
  readonly keyId: string | null;
  readonly limits: z.infer<typeof BudgetLimits>;
}): boolean => keyId !== null || limits.every(({ owner }) => owner !== 'key');
const keyMissing = { path: ['keyId'], message: 'must be given where a limit of the key is' };

/** A hold to place, as gRPC and REST carry it. */
export const PlaceHoldMessage = z
  .object({
    holdId: Id.max(100),
    customerId: Id,
    callId: OptionalId.default(null),
    keyId: OptionalId.default(null),
    amount: MoneyText,
    expiresAt: OptionalInstant.default(null),
    leaseId: OptionalId.default(null),
    limits: BudgetLimits.default([]),
  })
  .refine(namesItsKey, keyMissing);

/** A hold to raise. */
export const ExtendHoldMessage = z
  .object({
    holdId: Id.max(100),
    customerId: Id,
    extensionId: Id.max(20),
    by: MoneyText,
    keyId: OptionalId.default(null),
    limits: BudgetLimits.default([]),
  })
  .refine(namesItsKey, keyMissing);

/** A hold to give back. */
export const ReleaseHoldMessage = z.object({
  holdId: Id.max(100),
  customerId: Id,
  reason: z.union([Id, z.literal('').transform(() => 'released')]).default('released'),
});

/** A call to charge, which ends its hold. */
export const SettleHoldMessage = z.object({
  holdId: Id.max(100),
  customerId: Id,
  chargeId: Id.max(100),
  charge: MoneyText,
  occurredAt: OptionalInstant.default(null),
});

/** A lease to renew. */
export const RenewLeaseMessage = z.object({ leaseId: Id });

/** What the commands about holds need to know of the present. */
export interface Present {
  readonly now: Instant;
  readonly holdExpirySeconds: number;
}

/** The request to place a hold; without a time of its own it may expire when its gateway falls silent. */
export function placeRequest(message: z.infer<typeof PlaceHoldMessage>, present: Present): PostRequest {
  const { holdId, customerId, callId, keyId, leaseId, amount, expiresAt } = message;
  return {
    bookId: customerId,
    command: {
      type: 'place-hold',
      eventId: `${holdId}:placed`,
      fingerprint: fingerprint(['place-hold', holdId, customerId, callId, keyId, amount]),
      currency: amount.currency,
      occurredAt: present.now,
      holdId,
      amount: Units18.fromText(amount.amount),
      expiresAt:
        expiresAt === null ? inSeconds(present.now, present.holdExpirySeconds) : Instant.fromText(expiresAt),
      callId,
      keyId,
      leaseId,
      limits: limitsOf(message),
      ended: 'never-seen',
    },
  };
}

/** The request to raise a hold. */
export function extendRequest(message: z.infer<typeof ExtendHoldMessage>, { now }: Present): PostRequest {
  const { holdId, customerId, extensionId, by } = message;
  return {
    bookId: customerId,
    command: {
      type: 'extend-hold',
      eventId: `${holdId}:extended:${extensionId}`,
      fingerprint: fingerprint(['extend-hold', holdId, customerId, extensionId, by]),
      currency: by.currency,
      occurredAt: now,
      holdId,
      by: Units18.fromText(by.amount),
      expiresAt: null,
      limits: limitsOf(message),
      ended: 'never-seen',
    },
  };
}

/** The request to charge a call. Its event id is that of metering: a call is charged once, whoever charges it. */
export function settleRequest(
  message: z.infer<typeof SettleHoldMessage>,
  { now, chargeWaitSeconds }: Present & { readonly chargeWaitSeconds: number },
): PostRequest {
  const { holdId, customerId, chargeId, charge, occurredAt } = message;
  return {
    bookId: customerId,
    command: {
      type: 'settle-hold',
      eventId: `${chargeId}:rated`,
      fingerprint: fingerprint(['settle-hold', holdId, customerId, chargeId, charge, occurredAt]),
      currency: charge.currency,
      occurredAt: occurredAt === null ? now : Instant.fromText(occurredAt),
      holdId,
      chargeId,
      keyId: null,
      priceVersionId: null,
      charge: Units18.fromText(charge.amount),
      waitsUntil: inSeconds(now, chargeWaitSeconds),
      budgets: [],
      ended: 'never-seen',
    },
  };
}

/** The request to give a hold back. */
export function releaseRequest(message: z.infer<typeof ReleaseHoldMessage>, { now }: Present): PostRequest {
  const { holdId, customerId, reason } = message;
  return {
    bookId: customerId,
    command: {
      type: 'release-hold',
      eventId: `${holdId}:released`,
      fingerprint: fingerprint(['release-hold', holdId, customerId]),
      currency: null,
      occurredAt: now,
      holdId,
      reason,
      ended: 'never-seen',
    },
  };
}

/** The request to end a hold whose gateway is silent. */
export function expireRequest(
  hold: { readonly holdId: string; readonly customerId: string },
  now: Instant,
): PostRequest {
  const { holdId, customerId } = hold;
  return {
    bookId: customerId,
    command: {
      type: 'expire-hold',
      eventId: `${holdId}:expired`,
      fingerprint: fingerprint(['expire-hold', holdId, customerId]),
      currency: null,
      occurredAt: now,
      holdId,
      ended: 'never-seen',
    },
  };
}

/** The request to end the wait of a charge. */
export function endWaitRequest(
  charge: { readonly chargeId: string; readonly customerId: string },
  now: Instant,
): PostRequest {
  const { chargeId, customerId } = charge;
  return {
    bookId: customerId,
    command: {
      type: 'end-wait',
      eventId: `${chargeId}:wait-ended`,
      fingerprint: fingerprint(['end-wait', chargeId, customerId]),
      currency: null,
      occurredAt: now,
      chargeId,
    },
  };
}

/** Limits as the books count them: by customer, key and kind of window. */
function limitsOf({
  keyId,
  limits,
}: Pick<z.infer<typeof PlaceHoldMessage>, 'keyId' | 'limits'>): BudgetLimit[] {
  return limits.map(({ owner, window, limit }) => ({
    owner,
    scope: `${owner === 'key' ? `key:${String(keyId)}` : 'customer'}:${periodOf(window)}`,
    window,
    limit: Units18.fromText(limit),
  }));
}

const fingerprint = (facts: readonly unknown[]): string => hash('sha256', canonicalText(facts));

const inSeconds = (now: Instant, seconds: number): Instant => Instant.of(now + seconds * 1_000_000);
