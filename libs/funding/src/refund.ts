import type { Money } from '@app/money';
import type { AmountRefusal } from './payable-amount.ts';
import type { Approval } from './top-up.ts';

/** Where an item stands. Only `succeeded` and `failed` are ends. */
export type RefundItemStatus =
  | 'created'
  | 'submitting'
  | 'unknown'
  | 'processing'
  | 'queued_funds'
  | 'abnormal'
  | 'manual_payout'
  | 'succeeded'
  | 'failed';

/** Where a refund stands. */
export type RefundStatus =
  'requested' | 'refused' | 'processing' | 'succeeded' | 'partially_succeeded' | 'failed';

/** What the ledger set aside for one payment. */
export interface ReservedItem {
  readonly itemId: string;
  readonly topUpId: string;
  readonly channel: string;
  readonly amount: Money;
}

/** A part of a refund: what goes back to the payment of one top-up. It is never moved to another one. */
export interface RefundItem extends ReservedItem {
  readonly status: RefundItemStatus;
  readonly providerReference: string | null;
  readonly failureCode: string | null;
}

/** What was asked for: an amount, or all that is left. */
export type RefundAsked =
  { readonly kind: 'amount'; readonly amount: Money } | { readonly kind: 'close-out' };

/** A refund of unused balance to where it came from. */
export interface Refund {
  readonly refundId: string;
  readonly customerId: string;
  readonly asked: RefundAsked;
  readonly status: RefundStatus;
  /** The ledger's reason not to, with what could be refunded instead. */
  readonly refused: { readonly code: string; readonly refundable: Money } | null;
  readonly items: readonly RefundItem[];
}

/** What became of an item at the provider: its answer to our call or to a query, or its verified notification. */
export type ItemOutcome =
  | { readonly kind: 'processing'; readonly providerReference: string | null }
  | {
      readonly kind: 'paid';
      readonly providerReference: string;
      readonly amount: Money;
      readonly paidAt: string;
      /** Where the money left, if it was not the channel of the item. */
      readonly paidFrom?: string;
    }
  /** A definite no: nothing was paid and nothing will be. */
  | { readonly kind: 'failed'; readonly code: string; readonly failedAt: string }
  /** Neither yes nor no; resolved by a query with the same number. */
  | { readonly kind: 'unknown'; readonly code: string }
  /** The answer to a query: the provider has never seen the number. */
  | { readonly kind: 'not-found' }
  /** The channel's balance is too low; the same number is sent again later. */
  | { readonly kind: 'no-funds' }
  /** The payer's account cannot take the money; neither paid nor failed. */
  | { readonly kind: 'abnormal'; readonly providerReference: string | null };

export type RefundCommand =
  | {
      readonly type: 'RequestRefund';
      readonly refundId: string;
      readonly customerId: string;
      readonly asked:
        | { readonly kind: 'amount'; readonly amount: string; readonly currency: string }
        | { readonly kind: 'close-out' };
    }
  | { readonly type: 'RecordReserved'; readonly items: readonly ReservedItem[] }
  | { readonly type: 'RecordRefused'; readonly code: string; readonly refundable: Money }
  /** Recorded before the provider is called, so that a crash between the two is found. */
  | { readonly type: 'SubmitItem'; readonly itemId: string }
  | { readonly type: 'RecordItemOutcome'; readonly itemId: string; readonly outcome: ItemOutcome }
  /** Past the channel's window, for bank transfers, and after an abnormal end: a payout to the same name. */
  | { readonly type: 'PlanPayout'; readonly itemId: string; readonly approval: Approval };

export type RefundEvent =
  | {
      readonly type: 'RefundRequested';
      readonly refundId: string;
      readonly customerId: string;
      readonly asked: RefundAsked;
    }
  | { readonly type: 'RefundReserved'; readonly items: readonly ReservedItem[] }
  | { readonly type: 'RefundRefused'; readonly code: string; readonly refundable: Money }
  | RefundItemEvent;

export type RefundItemEvent =
  | { readonly type: 'RefundItemSubmitted'; readonly itemId: string }
  | {
      readonly type: 'RefundItemAccepted';
      readonly itemId: string;
      readonly providerReference: string | null;
    }
  | { readonly type: 'RefundItemUncertain'; readonly itemId: string; readonly code: string }
  | { readonly type: 'RefundItemQueued'; readonly itemId: string }
  | {
      readonly type: 'RefundItemAbnormal';
      readonly itemId: string;
      readonly providerReference: string | null;
    }
  | { readonly type: 'RefundItemPayoutPlanned'; readonly itemId: string; readonly approval: Approval }
  | {
      readonly type: 'RefundItemPaid';
      readonly itemId: string;
      readonly providerReference: string;
      readonly paidAt: string;
      readonly paidFrom?: string;
    }
  | {
      readonly type: 'RefundItemFailed';
      readonly itemId: string;
      readonly code: string;
      readonly failedAt: string;
    };

export type RefundRefusal =
  | AmountRefusal
  | { readonly code: 'unknown-refund' }
  | { readonly code: 'unknown-item'; readonly itemId: string }
  | { readonly code: 'id-taken'; readonly refundId: string }
  | { readonly code: 'wrong-status'; readonly status: RefundStatus | RefundItemStatus }
  /** What the provider paid is not what we asked it to pay. */
  | {
      readonly code: 'amount-differs';
      readonly itemId: string;
      readonly expected: string;
      readonly paid: string;
    }
  /** The item was given back to the wallet and then paid after all: a shortfall that a person must see. */
  | { readonly code: 'paid-after-failed'; readonly itemId: string; readonly providerReference: string }
  /** The item was paid by its provider, and then by people after all. */
  | { readonly code: 'paid-twice'; readonly itemId: string; readonly providerReference: string }
  /** The item was paid and is now said not to be. */
  | { readonly code: 'failed-after-paid'; readonly itemId: string }
  | { readonly code: 'same-person'; readonly person: string };
