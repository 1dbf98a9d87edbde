import { Instant } from '@app/bookkeeping';

const staleMs = 1_000;

/**
 * The clock of the database, carried between its answers by the machine's steady clock.
 * So a batch can be stamped before it is sent; the statement that writes it checks the stamp against the database again.
 */
export class DatabaseClock {
  private answer: { readonly instant: Instant; readonly atMs: number } | undefined;

  constructor(private readonly steadyMs: () => number = () => performance.now()) {}

  /** Takes in what the database said just now. */
  set(instant: Instant): void {
    this.answer = { instant, atMs: this.steadyMs() };
  }

  /** The time of the database, or undefined where its last answer is too old to carry on from. */
  now(): Instant | undefined {
    if (this.answer === undefined) return undefined;
    const elapsedMs = this.steadyMs() - this.answer.atMs;
    if (elapsedMs > staleMs) return undefined;
    return Instant.of(this.answer.instant + Math.floor(elapsedMs * 1_000));
  }
}

/** The stamp of a batch: not before now, and after everything recorded in the books it touches. */
export function stampAfter(now: Instant, books: Iterable<{ readonly recordedAt: Instant }>): Instant {
  let stamp: number = now;
  for (const { recordedAt } of books) if (recordedAt >= stamp) stamp = recordedAt + 1;
  return Instant.of(stamp);
}
