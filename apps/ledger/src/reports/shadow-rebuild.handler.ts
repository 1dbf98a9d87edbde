import { log } from '@app/observability';
import type { Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { JournalReader, type JournalPlace } from './journal-reader.store.ts';
import { LiveStore } from './live.store.ts';
import { rebuildAgrees } from './rebuild-agrees.ts';
import { differenceFrom } from './rebuilt-book.ts';
import { ShadowBook } from './shadow-book.ts';

const shadowsMax = 2_000;
const entriesPerLookMax = 10_000;
const movedPerLookMax = 5_000;
const booksInTurn = 20;
const entriesAtOnce = 1_000;

/**
 * Rebuilds all the time, beside the service, and only what is new: books that moved since the last look are folded on from where
 * their shadow stands, and some others in turn from their beginning, so that each is seen now and then. What is done in one look
 * is bounded, and so is the number of shadows in memory: of the holds that ended, those of the entries it looks at. Totals of platform accounts are left to the invariants.
 */
@Injectable()
export class ShadowRebuildHandler {
  private readonly shadows = new Map<string, ShadowBook>();
  /** What does not agree, by book; looked at again each time. */
  private readonly differences = new Map<string, string>();
  private unfinished = new Set<string>();
  private place: JournalPlace | undefined;
  private lastInTurn = '';
  private budget = 0;

  constructor(
    private readonly reader: JournalReader,
    private readonly live: LiveStore,
  ) {}

  /** One look. Gives what does not agree, as far as is known. */
  async look(): Promise<readonly string[]> {
    this.budget = entriesPerLookMax;
    await this.reader.inSnapshot(async (tx) => {
      const due = await this.due(tx);
      this.unfinished = new Set();
      for (const bookId of due) await this.follow(tx, bookId);
      await this.compare(tx, due);
    });
    rebuildAgrees.set(this.differences.size === 0 ? 1 : 0);
    return [...this.differences.values()];
  }

  private async due(tx: Tx): Promise<string[]> {
    this.place ??= await this.reader.lastPlace(tx);
    const moved = await this.reader.movedAfter(tx, this.place, movedPerLookMax);
    this.place = moved.place;
    const inTurn = await this.reader.booksAfter(tx, this.lastInTurn, booksInTurn);
    this.lastInTurn = inTurn.length < booksInTurn ? '' : (inTurn.at(-1) ?? '');
    // Those whose turn it is are folded anew: what was right may have been changed.
    for (const bookId of inTurn) if (!this.unfinished.has(bookId)) this.shadows.delete(bookId);
    return [...new Set([...this.differences.keys(), ...this.unfinished, ...moved.bookIds, ...inTurn])];
  }

  private async follow(tx: Tx, bookId: string): Promise<void> {
    const shadow = this.shadowOf(bookId);
    while (this.budget > 0) {
      const { version } = shadow;
      const rows = await this.reader.entriesAfter(tx, { bookId, version, limit: entriesAtOnce });
      this.budget -= rows.length;
      for (const row of rows) {
        const taken = shadow.take(row);
        if ('difference' in taken) {
          this.differ(bookId, `${bookId}/${row.version}: ${taken.difference}`);
          return;
        }
      }
      shadow.gather();
      if (rows.length < entriesAtOnce) return;
    }
    this.unfinished.add(bookId);
  }

  private async compare(tx: Tx, bookIds: readonly string[]): Promise<void> {
    const ended = bookIds.flatMap((bookId) => this.shadows.get(bookId)?.takeEnded() ?? []);
    const otherwise = await this.live.otherwiseEnded(tx, ended);
    const done = bookIds.filter((bookId) => this.shadows.has(bookId) && !this.unfinished.has(bookId));
    const live = await this.live.openLines(tx, done);
    for (const bookId of new Set([...done, ...otherwise.keys()])) {
      const shadow = this.shadows.get(bookId);
      const difference =
        otherwise.get(bookId) ?? (shadow && differenceFrom(shadow.rebuilt(), live.get(bookId)));
      if (difference === undefined) this.differences.delete(bookId);
      else this.differ(bookId, difference);
    }
  }

  private differ(bookId: string, difference: string): void {
    if (this.differences.get(bookId) !== difference)
      log().error({ firstDifference: difference }, 'The shadow rebuild differs from the live figures');
    this.differences.set(bookId, difference);
    this.shadows.delete(bookId);
  }

  private shadowOf(bookId: string): ShadowBook {
    const shadow = this.shadows.get(bookId) ?? new ShadowBook(bookId);
    this.shadows.delete(bookId);
    this.shadows.set(bookId, shadow);
    const [oldest] = this.shadows.keys();
    if (this.shadows.size > shadowsMax && oldest !== undefined) this.shadows.delete(oldest);
    return shadow;
  }
}
