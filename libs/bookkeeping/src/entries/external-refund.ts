import type { Units18 } from '@app/money';
import type { Lot } from '../book-state.ts';
import type { CommandOf, DraftOf } from '../draft.ts';
import { amount, count, id, listOf, record, type ValueOf } from '../memo-field.ts';
import { lotPartMemo } from './charge.ts';

/** The memo of a lot that had ended and is named again. */
export const endedLotMemo = record({
  topUpId: id,
  channel: id,
  openedBy: count,
  amount,
  used: amount,
  refunded: amount,
  reserved: amount,
  remaining: amount,
  sent: amount,
});

/** The memo of a refund that others made: `taken` came from the wallet, `shortfall` could not be taken back. */
export const externalRefundMemo = record({
  externalRefundId: id,
  topUpId: id,
  channel: id,
  amount,
  taken: amount,
  shortfall: amount,
  lots: listOf(lotPartMemo),
  reopened: listOf(endedLotMemo),
});

/** The provider gave money back without us: a complaint, a chargeback, or a refund in the merchant console. */
export type ExternalRefund = DraftOf<'external-refund', ValueOf<typeof externalRefundMemo>>;

/** Records a forced refund: what is available is taken, first from the lot it names, then from the newest. */
export interface RecordExternalRefund extends CommandOf<'record-external-refund'> {
  readonly externalRefundId: string;
  readonly topUpId: string;
  readonly channel: string;
  readonly amount: Units18;
  /** The lot of the top-up where it is no longer open; the shell looks it up. */
  readonly endedLots: readonly Lot[];
}
