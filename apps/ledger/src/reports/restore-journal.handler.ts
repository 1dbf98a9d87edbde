import { readCanonicalBytes } from '@app/bookkeeping';
import type { EntryRecorded, EventOf } from '@app/contracts';
import type { ReceivedRecord } from '@app/kafka';
import { Units18 } from '@app/money';
import { hashBeforeFirst } from '../journal/books.store.ts';
import type { ChainedEntry } from '../journal/decide-batch.ts';
import { entryHash } from '../journal/entry-hash.ts';
import type { JournalRestoreStore } from './journal-restore.store.ts';

/** Where a book stands while it is restored. */
interface Place {
  readonly version: number;
  readonly hash: Buffer;
}

/** The topic does not tell one unbroken journal: restoring it would make a false one. */
export class BrokenTopic extends Error {}

/**
 * Makes the journal from what was published of it. The chain of each book is verified entry by entry; what was published twice is
 * taken once. In memory is one place for each book, never the entries.
 */
export class RestoreJournalHandler {
  private readonly places = new Map<string, Place>();
  private entries = 0;

  constructor(private readonly journal: JournalRestoreStore) {}

  /** Books and entries so far. */
  get progress(): { readonly books: number; readonly entries: number } {
    return { books: this.places.size, entries: this.entries };
  }

  /** Takes records of one partition, in their order. */
  async take(records: readonly ReceivedRecord[]): Promise<void> {
    const fresh = records.flatMap((record) => this.chained(record) ?? []);
    await this.journal.add(fresh);
    this.entries += fresh.length;
  }

  private chained({ event, rejected, offset }: ReceivedRecord): ChainedEntry | undefined {
    if (event === undefined) throw new BrokenTopic(`The record at ${offset} is no entry: ${rejected}`);
    const { data } = event as EventOf<typeof EntryRecorded>;
    const { version, hash: previousHash } = this.places.get(data.bookId) ?? {
      version: 0,
      hash: hashBeforeFirst,
    };
    const where = `${data.bookId}/${String(data.version)}`;
    if (data.version <= version) return undefined;
    if (data.version > version + 1)
      throw new BrokenTopic(`${where}: entry ${String(version + 1)} is missing`);
    const bytes = Buffer.from(data.canonicalBytes, 'base64');
    const hash = entryHash(previousHash, bytes);
    if (hash.toString('hex') !== data.hash || previousHash.toString('hex') !== data.previousHash)
      throw new BrokenTopic(`${where}: the hash does not follow from the entry before`);
    this.places.set(data.bookId, { version: data.version, hash });
    const { paid, granted, held } = data.balance;
    return {
      entry: readCanonicalBytes(bytes),
      paid: Units18.fromText(paid),
      granted: Units18.fromText(granted),
      held: Units18.fromText(held),
      canonical: bytes.toString('latin1'),
      previousHash,
      hash,
    };
  }
}
