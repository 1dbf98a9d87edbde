import type { TopicName, WireEvent } from '@app/contracts';

/** One row of a source: its place in the order of commits, and what to publish. */
export interface SourceRow extends WireEvent {
  readonly xid: string;
  readonly id: string;
  readonly topic: TopicName;
}

/**
 * Rows that the relay publishes. The outbox table is one; a service whose own rows are events already (the ledger's entries)
 * adds another instead of writing every event twice.
 */
export interface OutboxSource {
  /** Names the cursor; never change it later. */
  readonly name: string;
  /**
   * A SELECT that gives `xid` (as text) and `id` (as text) and whatever `toRow` needs, of rows with
   * `(xid, id) > ($1::xid8, $2::bigint) AND xid < pg_snapshot_xmin(pg_current_snapshot())`, `ORDER BY t.xid, t.id LIMIT $3`. Name the
   * table there: a bare `xid` would mean the output column, a text, and rows would be skipped in the order of letters.
   * Below that xmin every transaction has ended, so no row can appear behind the cursor later.
   */
  readonly sql: string;
  readonly toRow: (row: Record<string, unknown>) => SourceRow;
}

/** The outbox table as a source. */
export const outboxTable: OutboxSource = {
  name: 'outbox',
  sql: `SELECT xid::text, id::text, topic, key, headers, value FROM outbox
         WHERE (xid, id) > ($1::xid8, $2::bigint) AND xid < pg_snapshot_xmin(pg_current_snapshot())
         ORDER BY outbox.xid, outbox.id LIMIT $3`,
  toRow: (row) => row as unknown as SourceRow,
};
