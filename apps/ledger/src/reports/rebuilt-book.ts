import {
  breaksOfBook,
  Instant,
  type BookState,
  type Hold,
  type KnownHoldEnd,
  type Lot,
  type OpenRefund,
  type WaitingCharge,
} from '@app/bookkeeping';
import { Units18 } from '@app/money';
import { refundItemsText, stateText } from '../journal/book-text.ts';

/** A book as its entries leave it, with what has ended in it. */
export interface RebuiltBook {
  readonly state: BookState;
  /** The hash of the last entry, in hexadecimal digits. */
  readonly hash: string;
  /** When the last entry was recorded. */
  readonly recordedAt: string;
  /** Used up ones too. */
  readonly lots: ReadonlyMap<string, Lot>;
  /** Closed ones too. */
  readonly refunds: ReadonlyMap<string, OpenRefund>;
  /** Counted, not kept: there may be millions. */
  readonly ends: ReadonlyMap<KnownHoldEnd, number>;
}

/**
 * How the live rows of a book differ from those that a writer would write of the rebuilt one; undefined where they are the same,
 * byte by byte. `live` are the lines of `LiveStore.lines`.
 */
export function differenceFrom(rebuilt: RebuiltBook, live: string | undefined): string | undefined {
  const { bookId } = rebuilt.state;
  if (live === undefined) return `${bookId}: there is no live book`;
  const [broken] = breaksOfBook(rebuilt.state);
  if (broken) return `${bookId}: ${broken.rule} ${broken.detail}`;
  const lines = linesOf(rebuilt).sort();
  if (lines.join('\n') === live) return undefined;
  const liveLines = live.split('\n');
  const wrong = liveLines.find((line) => !lines.includes(line));
  if (wrong !== undefined) return `${bookId}: live has "${wrong}", which does not follow from the journal`;
  return `${bookId}: live lacks "${lines.find((line) => !liveLines.includes(line)) ?? ''}"`;
}

/** One line for each figure of the head and for each row: its kind, then its columns. */
function linesOf({ state, hash, recordedAt, lots, refunds, ends }: RebuiltBook): string[] {
  const { currency, version, paid, granted, held } = state;
  return [
    ...[`currency ${currency}`, `version ${version}`, `hash ${hash}`, `recorded ${recordedAt}`],
    ...[`paid ${Units18.toText(paid)}`, `granted ${Units18.toText(granted)}`, `held ${Units18.toText(held)}`],
    `state ${stateText(state)}`,
    ...[...state.holds.values()].map(holdLine),
    ...[...ends].map(([outcome, count]) => `holds ${outcome} ${count}`),
    ...[...lots.values()].map(lotLine),
    ...[...refunds.values()].map(refundLine),
    ...state.waiting.map(waitingLine),
  ];
}

const holdLine = ({ holdId, amount, expiresAt, callId, keyId, leaseId, budgets }: Hold): string => {
  const uses = JSON.stringify(budgets.map(({ scope, window }) => ({ scope, window })));
  const ids = [callId, keyId, leaseId].map((id) => id ?? '-').join(' ');
  return `holds open ${holdId} ${texts(amount)} ${Instant.toText(expiresAt)} ${ids} ${uses}`;
};

const lotLine = (lot: Lot): string =>
  `lot ${lot.topUpId} ${lot.channel} ${lot.openedBy} ${texts(lot.amount, lot.used, lot.refunded, lot.reserved, lot.remaining, lot.sent)}`;

const refundLine = (refund: OpenRefund): string =>
  `refund ${refund.refundId} ${texts(refund.total, refund.paid, refund.givenBack)} ${refundItemsText(refund)}`;

const waitingLine = ({ chargeId, keyId, amount, eventId, waitsUntil }: WaitingCharge): string =>
  `waiting ${chargeId} ${keyId ?? '-'} ${texts(amount)} ${eventId} ${Instant.toText(waitsUntil)}`;

const texts = (...amounts: readonly Units18[]): string =>
  amounts.map((amount) => Units18.toText(amount)).join(' ');
