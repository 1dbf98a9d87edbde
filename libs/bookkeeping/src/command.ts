import type { ReturnChannelFee } from './entries/channel-fee-returned.ts';
import type { TakeChannelFee } from './entries/channel-fee.ts';
import type { EndWait } from './entries/charge-uncollected.ts';
import type { ChargeUsage } from './entries/charge.ts';
import type { Compensate } from './entries/compensation.ts';
import type { CorrectCharge } from './entries/correction.ts';
import type { ExpireHold } from './entries/expire.ts';
import type { ExtendHold } from './entries/extend.ts';
import type { RecordExternalRefund } from './entries/external-refund.ts';
import type { GiveGrant } from './entries/grant.ts';
import type { PlaceHold } from './entries/hold.ts';
import type { TakeOverBalance } from './entries/opening-balance.ts';
import type { SetPlan } from './entries/plan-set.ts';
import type { FailRefundItem } from './entries/refund-failed.ts';
import type { PayRefundItem } from './entries/refund-paid.ts';
import type { ReserveRefund } from './entries/refund-reserved.ts';
import type { ReleaseHold } from './entries/release.ts';
import type { PostRounding } from './entries/rounding.ts';
import type { SettleHold } from './entries/settle.ts';
import type { SettleToBank } from './entries/settlement.ts';
import type { ReceiveSuspense } from './entries/suspense-in.ts';
import type { AssignSuspense } from './entries/suspense-out.ts';
import type { ReturnSuspense } from './entries/suspense-returned.ts';
import type { CreditTopUp } from './entries/top-up.ts';
import type { PayUpstreamBill } from './entries/upstream-bill-paid.ts';
import type { AccrueUpstreamCost } from './entries/upstream-cost.ts';

/** Everything that can be asked of a book. */
export type Command =
  | TakeOverBalance
  | SetPlan
  | CreditTopUp
  | PlaceHold
  | ExtendHold
  | SettleHold
  | ReleaseHold
  | ExpireHold
  | ChargeUsage
  | EndWait
  | ReserveRefund
  | PayRefundItem
  | FailRefundItem
  | RecordExternalRefund
  | GiveGrant
  | Compensate
  | CorrectCharge
  | ReceiveSuspense
  | AssignSuspense
  | ReturnSuspense
  | TakeChannelFee
  | ReturnChannelFee
  | SettleToBank
  | AccrueUpstreamCost
  | PayUpstreamBill
  | PostRounding;

/** The names of the commands. */
export type CommandType = Command['type'];
