import { Instant, type AccountId } from '@app/bookkeeping';
import type { Database } from '@app/persistence';
import { AccountCodes } from '../journal/account-codes.store.ts';
import { restoringStatement } from '../journal/batch-statement.ts';
import { BatchRows } from '../journal/batch-rows.ts';
import type { ChainedEntry } from '../journal/decide-batch.ts';

/** Puts entries back into an empty journal. */
export class JournalRestoreStore {
  private readonly codes = new AccountCodes();

  constructor(private readonly database: Database) {}

  /** Whether the journal has no entry. */
  async isEmpty(): Promise<boolean> {
    return (await this.database.query('SELECT 1 FROM entry LIMIT 1')).length === 0;
  }

  /** Adds entries as they were recorded, all or none. */
  async add(entries: readonly ChainedEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const accounts: AccountId[] = entries
      .flatMap(({ entry }) => entry.postings)
      .flatMap(({ debit, credit }) => [debit, credit]);
    await this.database.transaction(async (tx) => {
      await this.codes.makeKnown(tx, accounts);
      const rows = new BatchRows((account) => this.codes.of(account));
      rows.addEntries(entries);
      const last = entries.reduce((latest, { entry }) => Math.max(latest, entry.recordedAt), 0);
      await tx.query(restoringStatement(rows.present()), [
        Instant.toText(Instant.of(last)),
        ...rows.values(),
      ]);
    });
  }

  /** What came from the topic is on the topic: it is not published again. */
  async markPublished(): Promise<void> {
    await this.database.query(
      `INSERT INTO outbox_cursor (source, xid, id)
       SELECT 'journal', xid, position FROM entry ORDER BY xid DESC, position DESC LIMIT 1
       ON CONFLICT (source) DO UPDATE SET xid = excluded.xid, id = excluded.id`,
    );
  }
}
