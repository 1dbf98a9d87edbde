import type { Units18 } from '@app/money';
import type { CommandOf, DraftOf } from '../draft.ts';
import { amount, id, listOf, optional, record, type ValueOf } from '../memo-field.ts';
import { lotPartMemo } from './charge.ts';
import { refundClosedMemo } from './refund-paid.ts';

/** The memo of a failed item: `givenBack` went back to the wallet, to the lots it came from. */
export const refundFailedMemo = record({
  refundId: id,
  itemId: id,
  topUpId: id,
  amount,
  rounding: amount,
  givenBack: listOf(lotPartMemo),
  reason: id,
  closed: optional(refundClosedMemo),
});

/** An item of a refund was definitely not paid; its money went back to the wallet. */
export type RefundFailed = DraftOf<'refund-failed', ValueOf<typeof refundFailedMemo>>;

/** Records that an item was definitely not paid. */
export interface FailRefundItem extends CommandOf<'fail-refund-item'> {
  readonly refundId: string;
  readonly itemId: string;
  readonly amount: Units18;
  /** The provider's code. */
  readonly reason: string;
}
