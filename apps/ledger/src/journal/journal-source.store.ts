import { EntryRecorded, wireOf } from '@app/contracts';
import type { OutboxSource } from '@app/persistence';
import { entryView, selectCommitted, type EntryRow } from './entry-row.store.ts';

/** Entries as events: the row of an entry is its own outbox row, published in the order of commits. */
export const journalSource: OutboxSource = {
  name: 'journal',
  sql: selectCommitted,
  toRow: (given) => {
    const row = given as unknown as EntryRow;
    const { previousHash, hash, ...entry } = entryView(row);
    const wire = wireOf(EntryRecorded, {
      id: `${entry.bookId}/${entry.version}`,
      source: 'haoli/ledger',
      time: entry.recordedAt,
      subject: entry.bookId,
      data: {
        ...entry,
        canonicalVersion: row.canonical_version,
        canonicalBytes: row.canonical.toString('base64'),
        previousHash,
        hash,
      },
    });
    return { ...wire, xid: row.xid, id: row.id, topic: 'ledger.journal.v1' };
  },
};
