import { Id } from '@app/contracts';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { parsed } from '../parsed.ts';
import { ExportStore } from './export.store.ts';
import type { ExportedEntry } from './proof.ts';
import type { Seal, SealedHead } from './seal.ts';
import { SealStore } from './seal.store.ts';

const linesAtOnce = 200;
const Question = z.object({ bookId: Id });

/** Lines of an export, some at a time. */
export type ExportedLines = AsyncGenerator<readonly string[]>;

/**
 * Exports the journal, or one book of it, as JSON lines: a first line, every seal, the entries book by book, and a last line that
 * counts them, so that an export that broke off is seen to have. Goes no faster than it is read.
 */
@Injectable()
export class ExportJournalHandler {
  constructor(
    private readonly seals: SealStore,
    private readonly entries: ExportStore,
  ) {}

  /** The whole journal. */
  whole(): ExportedLines {
    return gathered(this.linesOfJournal());
  }

  /**
   * One book, for whoever may see that and no other: with it come the proofs that its head on every day on which it moved, and on
   * the last sealed day, is under the seal. So nothing is changed in it and nothing is missing. Refused where there is no such book.
   */
  async ofBook(given: z.input<typeof Question>): Promise<ExportedLines> {
    const { bookId } = parsed(Question, given);
    if ((await this.entries.entry(bookId, 1)) === undefined) throw unknown(bookId);
    return gathered(this.linesOfBook(bookId));
  }

  private async *linesOfJournal(): AsyncGenerator<object> {
    yield { export: { exportVersion: 1, begunAt: new Date().toISOString() } };
    for await (const seal of this.allSeals()) yield { seal };
    yield* counted(this.entries.entries());
  }

  private async *linesOfBook(book: string): AsyncGenerator<object> {
    yield { export: { exportVersion: 1, begunAt: new Date().toISOString(), book } };
    const seals: Seal[] = [];
    for await (const seal of this.allSeals()) {
      seals.push(seal);
      yield { seal };
    }
    yield* this.leavesOf(book, seals);
    yield* counted(this.entries.ofBook(book));
  }

  private async *allSeals(): AsyncGenerator<Seal> {
    for (let after = ''; ;) {
      const seals = await this.seals.after(after, 500);
      yield* seals;
      const last = seals.at(-1);
      if (last === undefined) return;
      after = last.day;
    }
  }

  /** A book's place in the trees of the days on which it moved, and of the last one. */
  private async *leavesOf(book: string, seals: readonly Seal[]): AsyncGenerator<object> {
    const { sealed } = await this.seals.ofBook(book);
    const heads = new Map(sealed.map(({ day, version, hash }) => [day, { book, version, hash }]));
    let head: SealedHead | undefined;
    for (const seal of seals) {
      const moved = heads.get(seal.day);
      head = moved ?? head;
      if (head === undefined || (moved === undefined && seal !== seals.at(-1))) continue;
      const { index, path } = await this.seals.placeOf(seal, head);
      const { version, hash } = head;
      yield { leaf: { day: seal.day, version, hash, index, path: path.map((each) => each.toString('hex')) } };
    }
  }
}

async function* counted(given: AsyncIterable<ExportedEntry>): AsyncGenerator<object> {
  let [books, entries, book] = [0, 0, ''];
  for await (const entry of given) {
    if (entry.book !== book) books += 1;
    book = entry.book;
    entries += 1;
    yield { entry };
  }
  yield { end: { books, entries } };
}

async function* gathered(given: AsyncIterable<object>): ExportedLines {
  let lines: string[] = [];
  for await (const line of given) {
    lines.push(JSON.stringify(line));
    if (lines.length < linesAtOnce) continue;
    yield lines;
    lines = [];
  }
  yield lines;
}

const unknown = (bookId: string): Problem =>
  new Problem({
    code: 'not-found',
    field: 'bookId',
    detail: `There is no book ${bookId}.`,
    remedy: 'Give the id of a customer, or of a book of the platform, as it stands in the journal.',
  });
