import { invariant } from '@app/decider';
import { type ChannelFeeReturned, channelFeeReturnedMemo } from './entries/channel-fee-returned.ts';
import { type ChannelFee, channelFeeMemo } from './entries/channel-fee.ts';
import { type ChargeCollected, chargeCollectedMemo } from './entries/charge-collected.ts';
import { type ChargeUncollected, chargeUncollectedMemo } from './entries/charge-uncollected.ts';
import { type ChargeWaiting, chargeWaitingMemo } from './entries/charge-waiting.ts';
import { type Charge, chargeMemo } from './entries/charge.ts';
import { type Compensation, compensationMemo } from './entries/compensation.ts';
import { type Correction, correctionMemo } from './entries/correction.ts';
import { type HoldExpired, expireMemo } from './entries/expire.ts';
import { type HoldExtended, extendMemo } from './entries/extend.ts';
import { type ExternalRefund, externalRefundMemo } from './entries/external-refund.ts';
import { type Grant, grantMemo } from './entries/grant.ts';
import { type HoldPlaced, holdMemo } from './entries/hold.ts';
import { type OpeningBalance, openingBalanceMemo } from './entries/opening-balance.ts';
import { type PlanSet, planSetMemo } from './entries/plan-set.ts';
import { type RefundFailed, refundFailedMemo } from './entries/refund-failed.ts';
import { type RefundPaid, refundPaidMemo } from './entries/refund-paid.ts';
import { type RefundReserved, refundReservedMemo } from './entries/refund-reserved.ts';
import { type HoldReleased, releaseMemo } from './entries/release.ts';
import { type Rounding, roundingMemo } from './entries/rounding.ts';
import { type HoldSettled, settleMemo } from './entries/settle.ts';
import { type Settlement, settlementMemo } from './entries/settlement.ts';
import { type SuspenseIn, suspenseInMemo } from './entries/suspense-in.ts';
import { type SuspenseOut, suspenseOutMemo } from './entries/suspense-out.ts';
import { type SuspenseReturned, suspenseReturnedMemo } from './entries/suspense-returned.ts';
import { type TopUp, topUpMemo } from './entries/top-up.ts';
import { type UpstreamBillPaid, upstreamBillPaidMemo } from './entries/upstream-bill-paid.ts';
import { type UpstreamCost, upstreamCostMemo } from './entries/upstream-cost.ts';
import type { Instant } from './instant.ts';
import type { MemoField } from './memo-field.ts';

/** An entry before it is numbered and stamped: what a decision comes to. */
export type EntryDraft =
  | OpeningBalance
  | PlanSet
  | TopUp
  | HoldPlaced
  | HoldExtended
  | HoldSettled
  | HoldReleased
  | HoldExpired
  | Charge
  | ChargeWaiting
  | ChargeCollected
  | ChargeUncollected
  | RefundReserved
  | RefundPaid
  | RefundFailed
  | ExternalRefund
  | Grant
  | Compensation
  | Correction
  | SuspenseIn
  | SuspenseOut
  | SuspenseReturned
  | ChannelFee
  | ChannelFeeReturned
  | Settlement
  | UpstreamCost
  | UpstreamBillPaid
  | Rounding;

/** The kinds of entries; one file each under `entries/`. */
export type EntryKind = EntryDraft['kind'];

/** The draft of one kind. */
export type DraftOfKind<Kind extends EntryKind> = Extract<EntryDraft, { kind: Kind }>;

/** The memo of one kind. */
export type MemoOfKind<Kind extends EntryKind> = DraftOfKind<Kind>['memo'];

/** What the shell adds when it records a draft. */
export interface Stamp {
  /** One database stamp for a batch, above every earlier one of the book. */
  readonly recordedAt: Instant;
  /** The day of the accounts, `YYYY-MM-DD`. */
  readonly accountingDate: string;
}

/** The place of an entry in the journal. */
export interface Recorded extends Stamp {
  readonly bookId: string;
  /** Gapless within the book, from 1. */
  readonly version: number;
}

/** A journal entry: zero or more postings from one event, numbered in its book. */
export type Entry = EntryDraft & Recorded;

/** An entry of one kind. */
export type EntryOfKind<Kind extends EntryKind> = DraftOfKind<Kind> & Recorded;

/** How the memo of each kind is written and read. */
export const memoFields: { readonly [Kind in EntryKind]: MemoField<MemoOfKind<Kind>> } = {
  'opening-balance': openingBalanceMemo,
  'plan-set': planSetMemo,
  'top-up': topUpMemo,
  hold: holdMemo,
  extend: extendMemo,
  settle: settleMemo,
  release: releaseMemo,
  expire: expireMemo,
  charge: chargeMemo,
  'charge-waiting': chargeWaitingMemo,
  'charge-collected': chargeCollectedMemo,
  'charge-uncollected': chargeUncollectedMemo,
  'refund-reserved': refundReservedMemo,
  'refund-paid': refundPaidMemo,
  'refund-failed': refundFailedMemo,
  'external-refund': externalRefundMemo,
  grant: grantMemo,
  compensation: compensationMemo,
  correction: correctionMemo,
  'suspense-in': suspenseInMemo,
  'suspense-out': suspenseOutMemo,
  'suspense-returned': suspenseReturnedMemo,
  'channel-fee': channelFeeMemo,
  'channel-fee-returned': channelFeeReturnedMemo,
  settlement: settlementMemo,
  'upstream-cost': upstreamCostMemo,
  'upstream-bill-paid': upstreamBillPaidMemo,
  rounding: roundingMemo,
};

/** Reads the name of a kind; another name is an InvariantViolation, because only the ledger writes them. */
export function parseEntryKind(text: string): EntryKind {
  invariant(Object.hasOwn(memoFields, text), `${text} is no kind of entry`);
  return text as EntryKind;
}
