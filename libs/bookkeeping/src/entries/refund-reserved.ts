import type { Units18 } from '@app/money';
import type { CommandOf, DraftOf } from '../draft.ts';
import { amount, id, listOf, oneOf, record, type ValueOf } from '../memo-field.ts';
import { lotPartMemo } from './charge.ts';

/** The memo of one item of a refund. */
export const refundItemMemo = record({
  itemId: id,
  topUpId: id,
  channel: id,
  amount,
  rounding: amount,
  takes: listOf(lotPartMemo),
});

/** The memo of a reservation: `total` is what leaves, in whole minor units; `rounding` of it is our expense. */
export const refundReservedMemo = record({
  refundId: id,
  extent: oneOf('amount', 'close-out'),
  total: amount,
  rounding: amount,
  items: listOf(refundItemMemo),
});

/** Money was set aside to go back to the payments it came from, newest first. */
export type RefundReserved = DraftOf<'refund-reserved', ValueOf<typeof refundReservedMemo>>;

/** Reserves a refund: an amount (rounded down to the minor unit), or all that is left (rounded up at our expense). */
export interface ReserveRefund extends CommandOf<'reserve-refund'> {
  readonly refundId: string;
  readonly request:
    { readonly extent: 'amount'; readonly amount: Units18 } | { readonly extent: 'close-out' };
}
