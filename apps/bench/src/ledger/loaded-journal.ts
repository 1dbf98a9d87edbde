import { Database } from '@app/persistence';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { JournalLoad } from './journal-load.store.ts';
import { BookMaker } from './journal-maker.ts';
import { JournalOfBench } from './journal.store.ts';
import { ServiceProcess } from '../service-process.ts';
import type { Stage } from './stage.ts';

const restore = fileURLToPath(new URL('../../../ledger/src/restore.js', import.meta.url));

/** How large a journal is loaded, and of what. */
export interface JournalSize {
  /** The database that it gets, beside that of the benchmark. */
  readonly name: string;
  readonly books: number;
  /** Calls over all books, by turns: the entries of a book lie far apart, as they do where many customers call at once. */
  readonly calls: number;
  /** `charges`: each call is one entry. `held calls`: each is a hold, and the charge that settles it. */
  readonly of: 'charges' | 'held calls';
}

/**
 * A journal of its own, loaded in bulk: entries are made by the ledger's rules, with their hashes, and written straight into its table;
 * all that follows from them is then made by the ledger's own `restore projections`. Nothing of it is published.
 */
export class LoadedJournal {
  private constructor(
    readonly url: string,
    readonly journal: JournalOfBench,
    private readonly stage: Stage,
  ) {}

  static async open(stage: Stage, size: JournalSize): Promise<LoadedJournal> {
    const url = new URL(stage.settings.BENCH_DATABASE_URL);
    url.pathname = `/bench_${size.name}`;
    await stage.journal.createDatabase(url.pathname.slice(1));
    const loaded = new LoadedJournal(url.href, new JournalOfBench(url.href), stage);
    await loaded.withLedger(() => Promise.resolve());
    await load(url.href, size);
    await run(restore, ['projections'], loaded.environment());
    await loaded.journal.markPublished();
    await loaded.journal.settle();
    return loaded;
  }

  /** Runs `work` with a ledger on this journal. */
  async withLedger<Result>(work: (ledger: ServiceProcess) => Promise<Result>): Promise<Result> {
    const ledger = await ServiceProcess.start('ledger', this.environment());
    try {
      return await work(ledger);
    } finally {
      await ledger.stop();
    }
  }

  close(): Promise<void> {
    return this.journal.close();
  }

  /** Its events are those of nobody else. */
  private environment(): Record<string, string> {
    const prefix = `${this.stage.settings.KAFKA_TOPIC_PREFIX}loaded.`;
    return { ...this.stage.ledgerEnvironment(), LEDGER_DATABASE_URL: this.url, KAFKA_TOPIC_PREFIX: prefix };
  }
}

/** The id of a book of a loaded journal. */
export const loadedBook = (index: number): string => `cus_full${String(index).padStart(6, '0')}`;

async function load(url: string, { books, calls, of }: JournalSize): Promise<void> {
  const database = new Database({ url, applicationName: 'bench', connectionsMax: 2 });
  const journal = new JournalLoad(database);
  const makers = Array.from({ length: books }, (_, index) => new BookMaker(loadedBook(index)));
  let order = 0;
  for (const maker of makers) for (const entry of maker.opening((order += 1))) await journal.add(entry);
  for (let call = 0; call < calls; call += 1) {
    const maker = makers[call % books];
    order += 1;
    const entries = of === 'charges' ? maker?.charge(order) : maker?.heldCall(order);
    for (const entry of entries ?? []) await journal.add(entry);
  }
  await journal.flush();
  await database.close();
}

/** Runs a program to its end; fails where it fails. */
async function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const child = spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${String(code)}.`);
}
