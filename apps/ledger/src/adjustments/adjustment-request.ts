import { Instant, type Command, type StandingCharge } from '@app/bookkeeping';
import { invariant } from '@app/decider';
import { Units18 } from '@app/money';
import type { PostRequest } from '../journal/journal.ts';
import type { EntryAdjustment } from './adjustment-template.ts';

/** An adjustment that was approved, as it lies in the database. */
export interface ApprovedAdjustment {
  readonly adjustmentId: string;
  readonly bookId: string;
  readonly eventId: string;
  readonly payloadSha256: string;
  readonly requestedAt: string;
}

/** The charge that a correction or a compensation is about. */
export interface ChargeInquiry {
  readonly standing: StandingCharge;
}

/** What an approved adjustment asks of the journal. */
export function requestOfAdjustment(
  approved: ApprovedAdjustment,
  adjustment: EntryAdjustment,
  inquiry: ChargeInquiry | undefined,
): PostRequest {
  const { bookId, eventId, payloadSha256, requestedAt } = approved;
  const common = {
    eventId,
    fingerprint: payloadSha256,
    currency: currencyOf(adjustment),
    occurredAt: Instant.fromText(adjustment.occurredAt ?? requestedAt),
  };
  const facts = factsOf(adjustment, approved.adjustmentId, inquiry);
  return { bookId, command: { ...common, ...facts } };
}

const currencyOf = (adjustment: EntryAdjustment): string =>
  'currency' in adjustment
    ? adjustment.currency
    : 'charge' in adjustment
      ? adjustment.charge.currency
      : adjustment.amount.currency;

/** A command without what all commands have. */
type Facts = Command extends infer One
  ? One extends Command
    ? Omit<One, 'eventId' | 'fingerprint' | 'currency' | 'occurredAt'>
    : never
  : never;

function factsOf(
  adjustment: EntryAdjustment,
  adjustmentId: string,
  inquiry: ChargeInquiry | undefined,
): Facts {
  if ('suspenseId' in adjustment) return suspenseFacts(adjustment);
  if ('chargeId' in adjustment) {
    invariant(inquiry !== undefined, 'the charge was looked up');
    return chargeFacts(adjustment, inquiry);
  }
  return 'customerId' in adjustment ? walletFacts(adjustment, adjustmentId) : channelFacts(adjustment);
}

type Named<Name extends EntryAdjustment['template']> = Extract<EntryAdjustment, { template: Name }>;

function walletFacts(
  adjustment: Named<'opening-balance' | 'grant' | 'plan-change'>,
  adjustmentId: string,
): Facts {
  if (adjustment.template === 'opening-balance') {
    const { customerId, channel } = adjustment;
    const paid = Units18.fromText(adjustment.paid);
    const granted = Units18.fromText(adjustment.granted);
    return { type: 'take-over-balance', topUpId: `${customerId}:opening`, channel, paid, granted };
  }
  if (adjustment.template === 'grant') {
    const amount = Units18.fromText(adjustment.amount.amount);
    return { type: 'give-grant', grantId: adjustmentId, amount, reason: adjustment.reasonId };
  }
  const { code, credits, amount } = adjustment.plan;
  const plan = { code, credits: Units18.fromText(credits), amount: Units18.fromText(amount) };
  return { type: 'set-plan', plan };
}

function chargeFacts(adjustment: Named<'compensation' | 'correction'>, { standing }: ChargeInquiry): Facts {
  const { chargeId, reasonId } = adjustment;
  if (adjustment.template === 'compensation') {
    const amount = Units18.fromText(adjustment.amount.amount);
    return { type: 'compensate', chargeId, reasonId, amount, standing };
  }
  const charge = Units18.fromText(adjustment.charge.amount);
  return { type: 'correct-charge', chargeId, reason: reasonId, charge, standing, endedLots: [] };
}

function suspenseFacts(adjustment: Named<'suspense-in' | 'suspense-return' | 'suspense-assign'>): Facts {
  const { suspenseId, channel } = adjustment;
  const facts = { suspenseId, channel, amount: Units18.fromText(adjustment.amount.amount) };
  if (adjustment.template === 'suspense-in') return { type: 'receive-suspense', ...facts };
  if (adjustment.template === 'suspense-return') return { type: 'return-suspense', ...facts };
  return { type: 'assign-suspense', topUpId: suspenseId, ...facts };
}

function channelFacts(
  adjustment: Named<'channel-fee' | 'channel-fee-return' | 'settlement' | 'upstream-bill'>,
): Facts {
  if (adjustment.template === 'upstream-bill') {
    const { billId, upstream, bank, accrued, paid } = adjustment;
    const figures = { accrued: Units18.fromText(accrued), paid: Units18.fromText(paid) };
    return { type: 'pay-upstream-bill', billId, upstream, bank, ...figures };
  }
  const { channel } = adjustment;
  const amount = Units18.fromText(adjustment.amount.amount);
  if (adjustment.template === 'settlement') {
    const { settlementId, bank } = adjustment;
    return { type: 'settle-to-bank', settlementId, channel, bank, amount };
  }
  const { feeId } = adjustment;
  const type = adjustment.template === 'channel-fee' ? 'take-channel-fee' : 'return-channel-fee';
  return { type, feeId, channel, amount };
}
