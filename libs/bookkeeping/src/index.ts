export {
  type AccountClass,
  type AccountFamily,
  type AccountId,
  chartOfAccounts,
  findAccountFamily,
  grantedAccount,
  isWalletAccount,
  paidAccount,
  parseAccountId,
  type Side,
  type WalletAccountId,
} from './account.ts';
export { Book, type BookChanges, evolve, fold } from './book.ts';
export { BookFold, type Posted } from './book-fold.ts';
export { type Collection } from './collection.ts';
export { decide } from './decide.ts';
export { refundableOf, sendableOf } from './lots.ts';
export { type KnownHoldEnd } from './working-book.ts';
export {
  type AccountSum,
  availableOf,
  type BookState,
  type BudgetLimit,
  type BudgetUse,
  type BudgetWindow,
  type Hold,
  type HoldEnd,
  isPlatformBook,
  type Lot,
  type LotPart,
  type OpenRefund,
  type PlanTerms,
  type RefundItem,
  type WaitingCharge,
} from './book-state.ts';
export { type Command, type CommandType } from './command.ts';
export { type CommandOf, type DraftOf } from './draft.ts';
export {
  type DraftOfKind,
  type Entry,
  type EntryDraft,
  type EntryKind,
  type EntryOfKind,
  type MemoOfKind,
  parseEntryKind,
  type Recorded,
  type Stamp,
} from './entry.ts';
export { Instant, InvalidInstant } from './instant.ts';
export { type Posting } from './posting.ts';
export { type Refusal, type RefusalCode } from './refusal.ts';
export { type OpeningBalance, type TakeOverBalance } from './entries/opening-balance.ts';
export { type PlanSet, type SetPlan } from './entries/plan-set.ts';
export { type CreditTopUp, type TopUp } from './entries/top-up.ts';
export { type HoldPlaced, type PlaceHold } from './entries/hold.ts';
export { type ExtendHold, type HoldExtended } from './entries/extend.ts';
export { type HoldSettled, type SettleHold } from './entries/settle.ts';
export { type HoldReleased, type ReleaseHold } from './entries/release.ts';
export { type ExpireHold, type HoldExpired } from './entries/expire.ts';
export { type Charge, type ChargeFacts, type ChargeUsage } from './entries/charge.ts';
export { type ChargeWaiting } from './entries/charge-waiting.ts';
export { type ChargeCollected } from './entries/charge-collected.ts';
export { type ChargeUncollected, type EndWait } from './entries/charge-uncollected.ts';
export { type RefundReserved, type ReserveRefund } from './entries/refund-reserved.ts';
export { type PayRefundItem, type RefundPaid } from './entries/refund-paid.ts';
export { type FailRefundItem, type RefundFailed } from './entries/refund-failed.ts';
export { type ExternalRefund, type RecordExternalRefund } from './entries/external-refund.ts';
export { type GiveGrant, type Grant } from './entries/grant.ts';
export { type Compensate, type Compensation } from './entries/compensation.ts';
export { type CorrectCharge, type Correction } from './entries/correction.ts';
export { type ReceiveSuspense, type SuspenseIn } from './entries/suspense-in.ts';
export { type AssignSuspense, type SuspenseOut } from './entries/suspense-out.ts';
export { type ReturnSuspense, type SuspenseReturned } from './entries/suspense-returned.ts';
export { type ChannelFee, type TakeChannelFee } from './entries/channel-fee.ts';
export { type ChannelFeeReturned, type ReturnChannelFee } from './entries/channel-fee-returned.ts';
export { type SettleToBank, type Settlement } from './entries/settlement.ts';
export { type AccrueUpstreamCost, type UpstreamCost } from './entries/upstream-cost.ts';
export { type PayUpstreamBill, type UpstreamBillPaid } from './entries/upstream-bill-paid.ts';
export { type PostRounding, type Rounding } from './entries/rounding.ts';
export {
  type AccountSumRow,
  type BookHead,
  type BookSnapshot,
  type BudgetRow,
  snapshotOf,
} from './snapshot.ts';
export {
  canonicalBytes,
  canonicalText,
  canonicalVersion,
  readCanonicalBytes,
  readCanonicalText,
} from './canonical.ts';
export {
  type Break,
  breaksOfBook,
  breaksOfBooks,
  breaksOfEntry,
  breaksOfRebuild,
  breaksOfTotals,
  type Rule,
} from './invariants.ts';
export { type StandingCharge, standingCharge } from './standing-charge.ts';
export {
  type CurrencyTotal,
  type DatedTotalRow,
  grantedWallets,
  type HeadFigures,
  paidWallets,
  type TotalRow,
  totalsOf,
  type TrialBalance,
  trialBalance,
  type TrialBalanceLine,
} from './trial-balance.ts';
