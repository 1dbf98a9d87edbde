import { accept, type Decision, refuse } from '@app/decider';
import { Units18 } from '@app/money';
import { grantedAccount, paidAccount } from '../account.ts';
import type { BookState } from '../book-state.ts';
import { ifLotExists, ifNegative, unlessPositive } from '../checks.ts';
import { type CommandOf, draft, type DraftOf } from '../draft.ts';
import { amount, id, record, type ValueOf } from '../memo-field.ts';
import { postingUnlessZero } from '../posting.ts';
import type { Refusal } from '../refusal.ts';
import type { WorkingBook } from '../working-book.ts';

/** The memo of an opening balance: `paid` opens the lot `topUpId`, `granted` is credit. */
export const openingBalanceMemo = record({ topUpId: id, channel: id, paid: amount, granted: amount });

/** What a wallet brought along from the books before ours. */
export type OpeningBalance = DraftOf<'opening-balance', ValueOf<typeof openingBalanceMemo>>;

/** Takes over a balance from earlier books; its paid part is a lot, refunded through `channel`. */
export interface TakeOverBalance extends CommandOf<'take-over-balance'> {
  readonly topUpId: string;
  readonly channel: string;
  readonly paid: Units18;
  readonly granted: Units18;
}

/** Decides an opening balance; one of its parts is more than zero. */
export function decideTakeOverBalance(
  command: TakeOverBalance,
  book: BookState,
): Decision<OpeningBalance, Refusal> {
  const { topUpId, channel, paid, granted } = command;
  const refusal =
    ifNegative(paid) ??
    ifNegative(granted) ??
    unlessPositive(Units18.add(paid, granted)) ??
    ifLotExists(book, topUpId);
  if (refusal !== undefined) return refuse(refusal);
  const postings = [
    ...postingUnlessZero('opening', paidAccount(book.bookId), paid),
    ...postingUnlessZero('opening', grantedAccount(book.bookId), granted),
  ];
  const memo = { topUpId, channel, paid, granted };
  return accept(draft(command, book, { kind: 'opening-balance', postings, memo }));
}

/** Opens the lot of the paid part. */
export function evolveOpeningBalance(book: WorkingBook, { memo }: OpeningBalance): void {
  const { topUpId, channel, paid } = memo;
  if (paid > 0n) book.openLot({ topUpId, channel, amount: paid });
}
