import { Injectable } from '@nestjs/common';
import { ExportStore } from './export.store.ts';
import { SealStore } from './seal.store.ts';

const linesAtOnce = 200;

/**
 * Exports the journal as JSON lines: a first line, every seal, the entries book by book, and a last line that counts them,
 * so that an export that broke off is seen to have. Goes no faster than it is read.
 */
@Injectable()
export class ExportJournalHandler {
  constructor(
    private readonly seals: SealStore,
    private readonly entries: ExportStore,
  ) {}

  /** Some lines at a time. */
  async *handle(): AsyncGenerator<readonly string[]> {
    let lines: string[] = [];
    for await (const line of this.lines()) {
      lines.push(JSON.stringify(line));
      if (lines.length < linesAtOnce) continue;
      yield lines;
      lines = [];
    }
    yield lines;
  }

  private async *lines(): AsyncGenerator<object> {
    yield { export: { exportVersion: 1, begunAt: new Date().toISOString() } };
    for (let after = ''; ;) {
      const seals = await this.seals.after(after, 500);
      for (const seal of seals) yield { seal };
      const last = seals.at(-1);
      if (last === undefined) break;
      after = last.day;
    }
    let [books, entries, book] = [0, 0, ''];
    for await (const entry of this.entries.entries()) {
      if (entry.book !== book) books += 1;
      book = entry.book;
      entries += 1;
      yield { entry };
    }
    yield { end: { books, entries } };
  }
}
