import { evolveChargeCollected } from './entries/charge-collected.ts';
import { evolveChargeUncollected } from './entries/charge-uncollected.ts';
import { evolveChargeWaiting } from './entries/charge-waiting.ts';
import { evolveCharge } from './entries/charge.ts';
import { evolveCorrection } from './entries/correction.ts';
import { evolveExpire } from './entries/expire.ts';
import { evolveExtend } from './entries/extend.ts';
import { evolveExternalRefund } from './entries/external-refund.ts';
import { evolveHold } from './entries/hold.ts';
import { evolveOpeningBalance } from './entries/opening-balance.ts';
import { evolvePlanSet } from './entries/plan-set.ts';
import { evolveRefundFailed } from './entries/refund-failed.ts';
import { evolveRefundPaid } from './entries/refund-paid.ts';
import { evolveRefundReserved } from './entries/refund-reserved.ts';
import { evolveRelease } from './entries/release.ts';
import { evolveSettle } from './entries/settle.ts';
import { evolveSuspenseOut } from './entries/suspense-out.ts';
import { evolveTopUp } from './entries/top-up.ts';
import type { DraftOfKind, EntryDraft, EntryKind } from './entry.ts';
import type { WorkingBook } from './working-book.ts';

type Effect<Kind extends EntryKind> = (book: WorkingBook, entry: DraftOfKind<Kind>) => void;

/** What an entry changes beside the balances, which follow from its postings alone. */
const nothing = (): void => undefined;

const effects: { readonly [Kind in EntryKind]: Effect<Kind> } = {
  'opening-balance': evolveOpeningBalance,
  'plan-set': evolvePlanSet,
  'top-up': evolveTopUp,
  hold: evolveHold,
  extend: evolveExtend,
  settle: evolveSettle,
  release: evolveRelease,
  expire: evolveExpire,
  charge: evolveCharge,
  'charge-waiting': evolveChargeWaiting,
  'charge-collected': evolveChargeCollected,
  'charge-uncollected': evolveChargeUncollected,
  'refund-reserved': evolveRefundReserved,
  'refund-paid': evolveRefundPaid,
  'refund-failed': evolveRefundFailed,
  'external-refund': evolveExternalRefund,
  grant: nothing,
  compensation: nothing,
  correction: evolveCorrection,
  'suspense-in': nothing,
  'suspense-out': evolveSuspenseOut,
  'suspense-returned': nothing,
  'channel-fee': nothing,
  'channel-fee-returned': nothing,
  settlement: nothing,
  'upstream-cost': nothing,
  'upstream-bill-paid': nothing,
  rounding: nothing,
};

/** Takes an entry into a book: its postings, its number, and what its kind does beside. */
export function takeIn(book: WorkingBook, entry: EntryDraft): void {
  for (const posting of entry.postings) book.post(posting);
  book.version += 1;
  book.currency = entry.currency;
  (effects[entry.kind] as Effect<EntryKind>)(book, entry);
}
