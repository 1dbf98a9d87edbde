import { Instant } from '@app/bookkeeping';
import { metrics } from '@app/observability';
import type { Database, Outbox, OutboxSignal } from '@app/persistence';
import { isPermanent, sqlStateOf, type Tx } from '@app/persistence';
import type { AccountCodes } from './account-codes.store.ts';
import { BatchQueue, type BatchSizes } from './batch-queue.ts';
import {
  announcements,
  bookIdsOf,
  failure,
  holdsNamed,
  lotsNamedBy,
  needsLocks,
  unknownHolds,
} from './batch-requests.ts';
import { BatchRows } from './batch-rows.ts';
import { batchStatement } from './batch-statement.ts';
import { loadBooks, unopened, type KeptBook } from './books.store.ts';
import { ClosedPeriods } from './closed-periods.store.ts';
import { DatabaseClock, stampAfter } from './database-clock.ts';
import { decideBatch, type Circumstances, type DecidedBatch } from './decide-batch.ts';
import { Journal, type Outcome, type PostRequest } from './journal.ts';
import { KeptBooks } from './kept-books.ts';
import { headVersions, holdEnds, knownEvents, lotsAsStored } from './known-events.store.ts';
import type { Rows } from './rows.ts';
import { WriterConnection } from './writer-connection.store.ts';

/** What a writer works with. */
export interface WriterTools {
  readonly database: Database;
  readonly codes: AccountCodes;
  readonly outbox: Outbox;
  readonly signal: OutboxSignal;
  readonly booksMax: number;
  readonly batches: BatchSizes;
}

/** Large enough that what a statement costs beside its rows is little; small enough that one is got ready while one is written. */
export const usualBatches: BatchSizes = { most: 1_000, early: 250 };

const attemptsMax = 4;

const batches = metrics.counter({
  name: 'ledger_batches_total',
  help: 'Batches written: quick ones against heads kept in memory, careful ones after locking the books.',
  labels: ['path'],
});
const recorded = metrics.counter({
  name: 'ledger_entries_recorded_total',
  help: 'Entries added to the journal.',
});
const batchSize = metrics.histogram(
  { name: 'ledger_batch_requests', help: 'Requests in one batch.' },
  [1, 3, 10, 30, 100, 300, 1_000],
);

/** A batch that is decided and waits to be written. */
interface PreparedBatch {
  readonly decided: DecidedBatch;
  readonly recordedAt: Instant;
  /** Undefined where nothing is written. */
  readonly rows: BatchRows | undefined;
  /** What the batch before it came to is not known yet; where this has changed by then, it failed. */
  readonly failuresBefore: number;
}

/**
 * The journal in PostgreSQL, written a batch at a time: one writer in a process, whatever books and partitions there are. What a
 * statement costs beside its rows is then shared by all who ask at the same time, and nobody waits for a lock. Another process
 * has a writer of its own.
 * A batch is decided in memory on the heads it keeps and written as one statement, which fails where a head has moved or an event
 * is known. Only then is it decided again after locking the books: nothing but the database ever says what is true.
 * Under load, the next batch is decided while one is written: on books that have taken in what is not committed yet. Where that
 * fails, what was decided after it is thrown away and decided again.
 */
export class Writer extends Journal {
  private readonly queue: BatchQueue<PostRequest, PreparedBatch | undefined, Outcome>;
  private readonly kept: KeptBooks;
  private readonly connection: WriterConnection;
  private readonly clock = new DatabaseClock();
  private readonly periods = new ClosedPeriods();
  /** Batches that were not written as they were decided. */
  private failures = 0;
  /** Resolves when nothing is under way that may end otherwise than it was decided. */
  private undecided: Promise<undefined> | undefined;
  private readonly openDay = (day: string): string => this.periods.firstOpenDay(day);

  constructor(private readonly tools: WriterTools) {
    super();
    this.queue = new BatchQueue(
      {
        prepare: (requests) => this.prepare(requests),
        write: (requests, prepared) => this.write(requests, prepared),
      },
      tools.batches,
    );
    this.kept = new KeptBooks(tools.booksMax);
    this.connection = new WriterConnection(tools.database);
  }

  /** Hands requests in; see Journal. */
  post(requests: readonly PostRequest[]): Promise<readonly Outcome[]> {
    return this.queue.submit(requests);
  }

  /** Finishes what was handed in and gives the connection back. */
  async close(): Promise<void> {
    await this.queue.drained();
    this.connection.close();
  }

  private write(
    requests: readonly PostRequest[],
    prepared: PreparedBatch | undefined,
  ): Promise<readonly Outcome[]> {
    batchSize.observe(requests.length);
    if (prepared?.failuresBefore === this.failures) return this.quickly(requests, prepared);
    this.kept.forget(bookIdsOf(requests));
    return this.whileNothingIsDecided(async () => {
      const again = prepared && (await this.decide(requests));
      return again ? this.quickly(requests, again) : this.carefully(requests);
    });
  }

  private async quickly(requests: readonly PostRequest[], batch: PreparedBatch): Promise<readonly Outcome[]> {
    if (await this.isWritten(batch)) {
      batches.inc({ path: 'quick' });
      return batch.decided.outcomes;
    }
    this.failures += 1;
    this.kept.forget(bookIdsOf(requests));
    return this.whileNothingIsDecided(() => this.carefully(requests));
  }

  /** Later batches are decided when this one is over: nobody knows yet what it comes to. */
  private async whileNothingIsDecided<Result>(work: () => Promise<Result>): Promise<Result> {
    const over = Promise.withResolvers<undefined>();
    this.undecided = over.promise;
    try {
      return await work();
    } finally {
      over.resolve(undefined);
    }
  }

  private async prepare(requests: readonly PostRequest[]): Promise<PreparedBatch | undefined> {
    await this.undecided;
    return requests.some(needsLocks) ? undefined : this.decide(requests);
  }

  /**
   * Decides on the kept heads; undefined where that is not enough to be right. What it asks the database is answered after the
   * batch before is written, for they share a connection.
   */
  private async decide(requests: readonly PostRequest[]): Promise<PreparedBatch | undefined> {
    const failuresBefore = this.failures;
    const bookIds = bookIdsOf(requests);
    try {
      const books = await this.booksOf(bookIds);
      const ended = await holdEnds(this.connection, unknownHolds(requests, books));
      await this.periods.look(this.connection);
      const recordedAt = stampAfter(await this.now(), books.values());
      const decided = decideBatch(requests, books, {
        recordedAt,
        ended,
        lots: new Map(),
        known: new Map(),
        openDay: this.openDay,
      });
      if (!(await this.isCertain(requests, decided, books))) return undefined;
      const rows = decided.entries.length === 0 ? undefined : await this.rowsOf(decided, this.connection);
      follow(decided, recordedAt);
      return { decided, recordedAt, rows, failuresBefore };
    } catch (error) {
      this.failures += 1;
      this.kept.forget(bookIds);
      if (sqlStateOf(error) === undefined && !isPermanent(error)) throw error;
      return undefined;
    }
  }

  /** Writes one statement; false where the database refuses it. */
  private async isWritten({ decided, recordedAt, rows }: PreparedBatch): Promise<boolean> {
    if (rows === undefined) return true;
    try {
      const answer = await this.connection.write<{ now: string }>(batchStatement(rows.present()), [
        Instant.toText(recordedAt),
        ...rows.values(),
      ]);
      if (answer) this.clock.set(Instant.fromText(answer.now));
    } catch (error) {
      if (sqlStateOf(error) === undefined && !isPermanent(error)) {
        this.failures += 1;
        this.kept.forget(decided.moved.map(({ book }) => book.state.bookId));
        throw error;
      }
      return false;
    }
    this.tell(decided);
    return true;
  }

  /**
   * A refusal was decided on what is in memory. It stands only where the event is really new and the book has not moved
   * in the database: another process may have written to it.
   */
  private async isCertain(
    requests: readonly PostRequest[],
    { outcomes }: DecidedBatch,
    books: ReadonlyMap<string, KeptBook>,
  ): Promise<boolean> {
    const doubtful = requests.filter((_request, index) => isDoubtful(outcomes[index]));
    if (doubtful.length === 0) return true;
    const known = await knownEvents(this.connection, doubtful);
    if (known.size > 0) return false;
    const versions = await headVersions(this.connection, bookIdsOf(doubtful));
    return bookIdsOf(doubtful).every((bookId) => (versions.get(bookId) ?? 0) === books.get(bookId)?.version);
  }

  /** Decides after locking the books, in one transaction. A request that the database refuses is found by trying each alone. */
  private async carefully(requests: readonly PostRequest[], attempt = 1): Promise<readonly Outcome[]> {
    batches.inc({ path: 'careful' });
    try {
      const done = await this.tools.database.transaction((tx) => this.decideLocked(tx, requests));
      follow(done.decided, done.recordedAt);
      this.tell(done.decided);
      for (const [bookId, kept] of done.books) if (kept.version > 0) this.kept.keep(bookId, kept);
      return done.decided.outcomes;
    } catch (error) {
      this.kept.forget(bookIdsOf(requests));
      if (mayPassAtOnce(error) && attempt < attemptsMax) return this.carefully(requests, attempt + 1);
      if (!isPermanent(error) && sqlStateOf(error) !== '23505') throw error;
      return requests.length > 1
        ? this.oneByOne(requests)
        : requests.map((request) => failure(request, error));
    }
  }

  private async oneByOne(requests: readonly PostRequest[]): Promise<readonly Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const request of requests) outcomes.push(...(await this.carefully([request])));
    return outcomes;
  }

  private async decideLocked(tx: Tx, requests: readonly PostRequest[]) {
    const bookIds = bookIdsOf(requests);
    const books = withUnopened(bookIds, await loadBooks(tx, bookIds, 'locked'));
    await this.periods.lookAgain(tx);
    const circumstances: Circumstances = {
      known: await knownEvents(tx, requests),
      ended: await holdEnds(tx, holdsNamed(requests)),
      lots: await lotsAsStored(tx, lotsNamedBy(requests)),
      recordedAt: stampAfter(await databaseTime(tx), books.values()),
      openDay: this.openDay,
    };
    const decided = decideBatch(requests, books, circumstances);
    if (decided.entries.length > 0) {
      const rows = await this.rowsOf(decided, this.connection);
      await tx.query(batchStatement(rows.present()).text, [
        Instant.toText(circumstances.recordedAt),
        ...rows.values(),
      ]);
      await this.tools.outbox.add(tx, 'ledger.refunds.v1', announcements(requests, decided.outcomes));
    }
    return { decided, books, recordedAt: circumstances.recordedAt };
  }

  private async rowsOf(decided: DecidedBatch, database: Rows): Promise<BatchRows> {
    const { codes } = this.tools;
    const missing = decided.entries
      .flatMap(({ entry }) => entry.postings)
      .flatMap(({ debit, credit }) => [debit, credit])
      .filter((account) => codes.of(account) === undefined);
    if (missing.length > 0) await codes.makeKnown(database, missing);
    const rows = new BatchRows((account) => codes.of(account));
    rows.add(decided, this.periods.lastChange);
    return rows;
  }

  /** The batch is committed. */
  private tell({ entries }: DecidedBatch): void {
    if (entries.length === 0) return;
    recorded.inc(entries.length);
    this.tools.signal.raise();
  }

  private async booksOf(bookIds: readonly string[]): Promise<Map<string, KeptBook>> {
    const books = new Map<string, KeptBook>();
    const missing: string[] = [];
    for (const bookId of bookIds) {
      const kept = this.kept.get(bookId);
      if (kept) books.set(bookId, kept);
      else missing.push(bookId);
    }
    if (missing.length === 0) return books;
    const loaded = await loadBooks(this.connection, missing, 'unlocked');
    for (const [bookId, kept] of withUnopened(missing, loaded)) {
      books.set(bookId, kept);
      this.kept.keep(bookId, kept);
    }
    return books;
  }

  private async now(): Promise<Instant> {
    const carried = this.clock.now();
    if (carried !== undefined) return carried;
    const now = await databaseTime(this.connection);
    this.clock.set(now);
    return now;
  }
}

/** The books in memory are what the database has once the batch is committed. */
function follow({ moved }: DecidedBatch, recordedAt: Instant): void {
  for (const kept of moved) {
    kept.version = kept.book.state.version;
    kept.recordedAt = recordedAt;
  }
}

async function databaseTime(database: Rows): Promise<Instant> {
  const [row] = await database.query<{ now: string }>(
    'SELECT greatest(clock_timestamp(), last_cut()) AS now',
  );
  if (row === undefined) throw new TypeError('The database did not say what time it is.');
  return Instant.fromText(row.now);
}

/**
 * Two processes opened the same book, or recorded the same event, at once: the second finds what the first wrote. Or a month was
 * closed meanwhile: the next attempt sees it.
 */
const mayPassAtOnce = (error: unknown): boolean => ['23505', 'HL003'].includes(sqlStateOf(error) ?? '');

const isDoubtful = (outcome: Outcome | undefined): boolean =>
  outcome?.kind === 'refused' || outcome?.kind === 'unchanged' || outcome?.kind === 'failed';

function withUnopened(bookIds: readonly string[], loaded: Map<string, KeptBook>): Map<string, KeptBook> {
  return new Map(bookIds.map((bookId) => [bookId, loaded.get(bookId) ?? unopened(bookId)]));
}
