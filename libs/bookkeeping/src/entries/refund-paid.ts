import type { Units18 } from '@app/money';
import type { CommandOf, DraftOf } from '../draft.ts';
import { amount, id, optional, record, type ValueOf } from '../memo-field.ts';

/** What a refund came to, in the entry of its last item. */
export const refundClosedMemo = record({ paid: amount, givenBack: amount });

/** The memo of a paid item; `channel` is the one that really paid. `closed` where it was the last item of its refund. */
export const refundPaidMemo = record({
  refundId: id,
  itemId: id,
  topUpId: id,
  channel: id,
  amount,
  providerReference: id,
  closed: optional(refundClosedMemo),
});

/** An item of a refund was paid back. */
export type RefundPaid = DraftOf<'refund-paid', ValueOf<typeof refundPaidMemo>>;

/** Records that an item was paid, through `channel`, which past a channel's window may be another than the lot's. */
export interface PayRefundItem extends CommandOf<'pay-refund-item'> {
  readonly refundId: string;
  readonly itemId: string;
  readonly channel: string;
  readonly amount: Units18;
  readonly providerReference: string;
}
