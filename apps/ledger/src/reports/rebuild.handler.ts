import { log } from '@app/observability';
import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { onExportedSnapshot } from './exported-snapshot.store.ts';
import { FoldTableHandler, type FoldedTable } from './fold-table.handler.ts';
import { FoldThreads } from './fold-threads.client.ts';
import { JournalReader } from './journal-reader.store.ts';
import { JournalTextStore } from './journal-text.store.ts';
import { LiveStore } from './live.store.ts';
import { rebuildAgrees } from './rebuild-agrees.ts';
import { RebuiltTotals } from './rebuilt-totals.ts';

/** What a rebuild came to. */
export interface RebuildReport {
  readonly agrees: boolean;
  readonly books: string;
  readonly entries: string;
  readonly postings: string;
  readonly chainVerified: boolean;
  /** The first thing that is not the same; empty where all is. */
  readonly firstDifference: string;
  readonly durationMs: string;
}

/** What is compared with the folded tables as a whole. */
interface Live {
  readonly totals: ReadonlyMap<string, string>;
  readonly heads: number;
}

/** From sources, as in specs, there are no programs that a thread could run. */
const isBuilt = import.meta.url.endsWith('.js');

/**
 * Folds the journal, as it was hashed, into fresh projections in memory, and compares them with the live ones: book by book, lot by
 * lot, total by total. Every hash is verified on the way. Reads one snapshot, so that writers need not stop, in threads of its own, so
 * that the service goes on answering. That the columns of the journal's rows say what was hashed is another question: see VerifyHandler.
 */
@Injectable()
export class RebuildHandler {
  private readonly reader: JournalReader;
  private readonly texts = new JournalTextStore();
  private readonly live = new LiveStore();
  private underWay: Promise<RebuildReport> | undefined;

  constructor(private readonly database: Database) {
    this.reader = new JournalReader(database);
  }

  /** One rebuild at a time: who asks while one is under way gets its report. */
  handle(): Promise<RebuildReport> {
    this.underWay ??= this.report().finally(() => {
      this.underWay = undefined;
    });
    return this.underWay;
  }

  private async report(): Promise<RebuildReport> {
    const begun = performance.now();
    const { tables, live } = isBuilt ? await this.foldedInThreads() : await this.foldedHere();
    const sum = (figure: 'books' | 'entries' | 'postings') =>
      tables.reduce((total, table) => total + table[figure], 0).toString();
    const chainDifference = tables.find((table) => table.chainDifference !== undefined)?.chainDifference;
    const firstDifference = chainDifference ?? differenceOf(tables, live);
    rebuildAgrees.set(firstDifference === undefined ? 1 : 0);
    if (firstDifference !== undefined)
      log().error({ firstDifference }, 'The rebuild differs from the live figures');
    return {
      agrees: firstDifference === undefined,
      books: sum('books'),
      entries: sum('entries'),
      postings: sum('postings'),
      chainVerified: chainDifference === undefined,
      firstDifference: firstDifference ?? '',
      durationMs: Math.round(performance.now() - begun).toString(),
    };
  }

  private async foldedInThreads(): Promise<{ tables: FoldedTable[]; live: Live }> {
    const { threads, names, live } = await this.reader.inSnapshot(async (tx) => {
      const tableNames = await this.texts.tables(tx);
      const snapshot = await this.reader.exportSnapshot(tx);
      return {
        live: await this.liveFigures(tx),
        names: tableNames,
        threads: await FoldThreads.start(
          { databaseUrl: this.database.options.url, snapshot },
          tableNames.length,
        ),
      };
    });
    try {
      return { tables: await threads.fold(names), live };
    } finally {
      await threads.close();
    }
  }

  private foldedHere(): Promise<{ tables: FoldedTable[]; live: Live }> {
    return this.reader.inSnapshot(async (tx) => {
      const fold = new FoldTableHandler(this.texts, this.live);
      const names = await this.texts.tables(tx);
      const snapshot = await this.reader.exportSnapshot(tx);
      const databaseUrl = this.database.options.url;
      const tables = await onExportedSnapshot({ databaseUrl, snapshot }, async (reader) => {
        const folded: FoldedTable[] = [];
        for (const table of names) folded.push(await fold.handle(reader, table));
        return folded;
      });
      return { tables, live: await this.liveFigures(tx) };
    });
  }

  private async liveFigures(tx: Tx): Promise<Live> {
    return { totals: await this.live.totals(tx), heads: await this.live.headCount(tx) };
  }
}

function differenceOf(tables: readonly FoldedTable[], { totals: live, heads }: Live): string | undefined {
  const found = tables.find(({ difference }) => difference !== undefined)?.difference;
  if (found !== undefined) return found;
  const books = tables.reduce((sum, table) => sum + table.books, 0);
  if (books !== heads) return `${heads - books} books have a head and no entries`;
  const totals = new RebuiltTotals();
  for (const table of tables) totals.addAll(table.totals);
  return totals.differenceFrom(live);
}
