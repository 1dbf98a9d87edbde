import { dayOf } from './seal.ts';

/** The head of a book that was sealed on a day. */
export interface SealedOn {
  readonly day: string;
  readonly version: number;
  readonly hash: string;
}

/** Compares the entries of a book, as they come, with the heads that were sealed of it. */
export class SealedBook {
  private last: SealedOn | undefined;
  private next = 0;

  /** `sealed` are the heads of this book by day; `until` is the last day that is sealed, or nothing. */
  constructor(
    private readonly sealed: readonly SealedOn[],
    private readonly until: string,
  ) {}

  /** Takes the next entry; says what is wrong with the day that ends before it, as `<version>: <what>`. */
  take(entry: {
    readonly version: number;
    readonly hash: string;
    readonly recordedAt: string;
  }): string | undefined {
    const day = dayOf(entry.recordedAt);
    const difference = this.last !== undefined && this.last.day !== day ? this.endDay(this.last) : undefined;
    this.last = { day, version: entry.version, hash: entry.hash };
    return difference;
  }

  /** No more entries come; says what is wrong with the last day, or what was sealed and did not come. */
  end(): string | undefined {
    const difference = this.last && this.endDay(this.last);
    if (difference !== undefined) return difference;
    const left = this.sealed[this.next];
    return left && `${left.version}: is under the seal of ${left.day} and is not there`;
  }

  private endDay(head: SealedOn): string | undefined {
    if (head.day > this.until) return undefined;
    const sealed = this.sealed[this.next];
    this.next += 1;
    if (sealed === undefined || sealed.day > head.day)
      return `${head.version}: was recorded on ${head.day} and is not under the seal of that day`;
    if (sealed.day < head.day || sealed.version > head.version)
      return `${sealed.version}: is under the seal of ${sealed.day} and is not there`;
    if (sealed.version < head.version)
      return `${head.version}: was recorded on ${head.day}, and the seal of that day ends at ${sealed.version}`;
    return sealed.hash === head.hash
      ? undefined
      : `${head.version}: is under the seal of ${head.day} with another hash`;
  }
}
