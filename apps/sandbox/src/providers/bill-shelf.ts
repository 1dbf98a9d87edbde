import { randomBytes } from 'node:crypto';
import type { Faults } from './faults.ts';
import { beijingDay, type BilledTrade, type MoneyBook, type Movement } from './money-book.ts';
import { ProviderError } from './provider-error.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** The two bills of a day: what was traded, and what moved on the account. */
export type BillKind = 'trade' | 'fund';

/** A day's bill as lines, before it is written in the provider's format. */
export type BilledDay =
  | { readonly kind: 'trade'; readonly trades: readonly BilledTrade[] }
  | { readonly kind: 'fund'; readonly movements: readonly Movement[] };

/** Bills are made in the night and given out from ten in the morning. */
const readyAfterMs = 10 * 60 * 60 * 1000;

/** Makes the bills of a day, altered by faults, and keeps the files for the short time that their addresses live. */
export class BillShelf {
  private readonly files = new Map<string, { readonly bytes: Buffer; readonly until: number }>();
  private readonly book: MoneyBook;
  private readonly clock: VirtualClock;
  private readonly faults: Faults;

  constructor(parts: { book: MoneyBook; clock: VirtualClock; faults: Faults }) {
    this.book = parts.book;
    this.clock = parts.clock;
    this.faults = parts.faults;
  }

  /** Undefined where nothing happened that day; throws where the bill is not made yet. */
  billOf(kind: BillKind, day: string): BilledDay | undefined {
    if (!/^\d{4}-\d\d-\d\d$/.test(day))
      throw new ProviderError(400, 'PARAM_ERROR', 'bill_date: must be yyyy-MM-dd');
    const nextMidnight = new Date(`${day}T00:00:00+08:00`).getTime() + 24 * 60 * 60 * 1000;
    if (this.clock.now().getTime() < nextMidnight + readyAfterMs)
      throw new ProviderError(400, 'STATEMENT_CREATING', 'The bill of this day is not made yet.');
    if (kind === 'trade') {
      const trades = this.altered(this.book.tradesOf(day), 'tradeBill');
      return trades.length === 0 ? undefined : { kind, trades };
    }
    const movements = this.altered(this.book.movementsOf(day), 'fundBill');
    return movements.length === 0 ? undefined : { kind, movements };
  }

  /** Puts a file on the shelf and gives the token by which it is taken. */
  put(bytes: Buffer, livesMs: number): string {
    const token = randomBytes(12).toString('hex');
    this.files.set(token, { bytes, until: Date.now() + livesMs });
    return token;
  }

  take(token: string): Buffer {
    const found = this.files.get(token);
    if (!found || found.until < Date.now())
      throw new ProviderError(404, 'NO_SUCH_FILE', 'The address of the bill has expired.');
    return found.bytes;
  }

  /** Today by the sandbox's clock, in Beijing. */
  today(): string {
    return beijingDay(this.clock.now());
  }

  /** What a provider's mistakes do to a bill: a line is left out, told twice, or tells another amount; or the first fee does, or withdrawals are told as something else. */
  private altered<Line extends { readonly fen: number; readonly kind: string }>(
    lines: readonly Line[],
    on: 'tradeBill' | 'fundBill',
  ): readonly Line[] {
    const [first, ...rest] = lines;
    if (first === undefined) return lines;
    if (this.faults.take('billOmit', on)) return rest;
    if (this.faults.take('billDuplicate', on)) return [first, first, ...rest];
    const fee = this.faults.take('billFee', on);
    const feeAt = lines.findIndex(({ kind }) => kind === 'fee');
    if (fee)
      return lines.map((line, at) => (at === feeAt ? { ...line, fen: line.fen + (fee.value ?? 1) } : line));
    if (this.faults.take('billOther', on))
      return lines.map((line) => (line.kind === 'withdrawal' ? { ...line, kind: 'other' } : line));
    const more = this.faults.take('billAlter', on);
    return more ? [{ ...first, fen: first.fen + (more.value ?? 1) }, ...rest] : lines;
  }
}
