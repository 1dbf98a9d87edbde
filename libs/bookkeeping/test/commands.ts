import type { BudgetLimit, HoldEnd, Lot } from '../src/book-state.ts';
import { type StandingCharge } from '../src/standing-charge.ts';
import { type Asked, hoursAfterNoon, money, noon } from './books.ts';

const currency = 'CNY';

export const setPlan = (amount = '7.14'): Asked => ({
  type: 'set-plan',
  currency,
  plan: { code: 'usd-credit', credits: money('1'), amount: money(amount) },
});

export const takeOver = (paid: string, granted = '0'): Asked => ({
  type: 'take-over-balance',
  currency,
  topUpId: 'top_opening',
  channel: 'bank',
  paid: money(paid),
  granted: money(granted),
});

export const topUp = (topUpId: string, amount: string, channel = 'wechat-pay'): Asked => ({
  type: 'credit-top-up',
  currency,
  topUpId,
  channel,
  amount: money(amount),
  providerReference: `provider-${topUpId}`,
});

export const hold = (
  holdId: string,
  amount: string,
  options: { readonly limits?: readonly BudgetLimit[]; readonly ended?: HoldEnd } = {},
): Asked => ({
  type: 'place-hold',
  currency,
  holdId,
  amount: money(amount),
  expiresAt: hoursAfterNoon(2),
  callId: `call-of-${holdId}`,
  keyId: 'key_1',
  leaseId: null,
  limits: options.limits ?? [],
  ended: options.ended ?? 'never-seen',
});

export const extend = (holdId: string, by: string, ended: HoldEnd = 'never-seen'): Asked => ({
  type: 'extend-hold',
  currency,
  holdId,
  by: money(by),
  expiresAt: null,
  limits: [],
  ended,
});

export const settle = (holdId: string, charge: string, ended: HoldEnd = 'never-seen'): Asked => ({
  type: 'settle-hold',
  currency,
  holdId,
  chargeId: `call-of-${holdId}`,
  keyId: 'key_1',
  priceVersionId: 'prv_1',
  charge: money(charge),
  waitsUntil: hoursAfterNoon(24),
  budgets: [],
  ended,
});

export const release = (holdId: string, ended: HoldEnd = 'never-seen'): Asked => ({
  type: 'release-hold',
  currency: null,
  holdId,
  reason: 'upstream_failed',
  ended,
});

export const expire = (holdId: string, ended: HoldEnd = 'never-seen'): Asked => ({
  type: 'expire-hold',
  currency: null,
  holdId,
  ended,
  occurredAt: hoursAfterNoon(2),
});

/** Charges without a hold; does not wait unless told to. */
export const charge = (chargeId: string, amount: string, waitsUntil = noon): Asked => ({
  type: 'charge-usage',
  currency,
  chargeId,
  keyId: null,
  priceVersionId: null,
  charge: money(amount),
  waitsUntil,
  budgets: [],
});

export const waitingCharge = (chargeId: string, amount: string): Asked =>
  charge(chargeId, amount, hoursAfterNoon(24));

export const endWait = (chargeId: string, occurredAt = hoursAfterNoon(24)): Asked => ({
  type: 'end-wait',
  currency: null,
  chargeId,
  occurredAt,
});

export const refund = (refundId: string, amount: string): Asked => ({
  type: 'reserve-refund',
  currency,
  refundId,
  request: { extent: 'amount', amount: money(amount) },
});

export const closeOut = (refundId: string): Asked => ({
  type: 'reserve-refund',
  currency: null,
  refundId,
  request: { extent: 'close-out' },
});

export const itemPaid = (itemId: string, amount: string, channel = 'wechat-pay'): Asked => ({
  type: 'pay-refund-item',
  currency,
  refundId: itemId.split('.')[0] ?? '',
  itemId,
  channel,
  amount: money(amount),
  providerReference: `provider-${itemId}`,
});

export const itemFailed = (itemId: string, amount: string): Asked => ({
  type: 'fail-refund-item',
  currency,
  refundId: itemId.split('.')[0] ?? '',
  itemId,
  amount: money(amount),
  reason: 'USER_ACCOUNT_ABNORMAL',
});

export const externalRefund = (topUpId: string, amount: string, endedLots: readonly Lot[] = []): Asked => ({
  type: 'record-external-refund',
  currency,
  externalRefundId: `external-${topUpId}`,
  topUpId,
  channel: 'alipay',
  amount: money(amount),
  endedLots,
});

export const grant = (grantId: string, amount: string): Asked => ({
  type: 'give-grant',
  currency,
  grantId,
  amount: money(amount),
  reason: 'welcome',
});

export const compensate = (
  chargeId: string,
  amount: string,
  {
    reasonId = 'outage-1',
    ...standing
  }: Pick<StandingCharge, 'charge' | 'compensated' | 'reasonIds'> & { readonly reasonId?: string },
): Asked => ({ type: 'compensate', currency, chargeId, reasonId, amount: money(amount), standing });

export const correct = (
  chargeId: string,
  amount: string,
  { endedLots = [], ...standing }: StandingCharge & { readonly endedLots?: readonly Lot[] },
): Asked => ({
  type: 'correct-charge',
  currency,
  chargeId,
  reason: 'wrong-price',
  charge: money(amount),
  standing,
  endedLots,
});

export const suspenseIn = (suspenseId: string, amount: string): Asked => ({
  type: 'receive-suspense',
  currency,
  suspenseId,
  channel: 'bank',
  amount: money(amount),
});

export const suspenseOut = (suspenseId: string, topUpId: string, amount: string): Asked => ({
  type: 'assign-suspense',
  currency,
  suspenseId,
  topUpId,
  channel: 'bank',
  amount: money(amount),
});

export const suspenseReturned = (suspenseId: string, amount: string): Asked => ({
  type: 'return-suspense',
  currency,
  suspenseId,
  channel: 'bank',
  amount: money(amount),
});

export const fee = (feeId: string, amount: string): Asked => ({
  type: 'take-channel-fee',
  currency,
  feeId,
  channel: 'wechat-pay',
  amount: money(amount),
});

export const feeReturned = (feeId: string, amount: string): Asked => ({
  type: 'return-channel-fee',
  currency,
  feeId,
  channel: 'wechat-pay',
  amount: money(amount),
});

export const settlement = (settlementId: string, amount: string): Asked => ({
  type: 'settle-to-bank',
  currency,
  settlementId,
  channel: 'wechat-pay',
  bank: 'bank',
  amount: money(amount),
});

export const upstreamCost = (batchId: string, amount: string): Asked => ({
  type: 'accrue-upstream-cost',
  currency,
  batchId,
  upstream: 'openai',
  calls: 128,
  amount: money(amount),
});

export const upstreamBill = (billId: string, accrued: string, paid = accrued): Asked => ({
  type: 'pay-upstream-bill',
  currency,
  billId,
  upstream: 'openai',
  bank: 'bank',
  accrued: money(accrued),
  paid: money(paid),
});

export const rounding = (roundingId: string, outcome: 'loss' | 'gain', amount: string): Asked => ({
  type: 'post-rounding',
  currency,
  roundingId,
  channel: 'wechat-pay',
  outcome,
  amount: money(amount),
});

/** A budget of a key for November. */
export const keyBudget = (limit: string, window = '2026-11'): BudgetLimit => ({
  owner: 'key',
  scope: 'key:key_1:month',
  window,
  limit: money(limit),
});

/** A budget of the whole customer for November. */
export const customerBudget = (limit: string, window = '2026-11'): BudgetLimit => ({
  owner: 'customer',
  scope: 'customer:month',
  window,
  limit: money(limit),
});
