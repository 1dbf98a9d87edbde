import type { Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';

/** A report as it is remembered, so that it is taken once for ever. */
export interface UsageRecordKey {
  readonly source: string;
  readonly sourceId: string;
  readonly callId: string;
  readonly customerId: string;
  /** SHA-256 over everything that was reported. */
  readonly fingerprint: Buffer;
}

/** The reports that were taken. */
@Injectable()
export class UsageRecordStore {
  /** Adds those that are new and gives their call ids. Two writers of the same report wait for each other. */
  async addNew(tx: Tx, records: readonly UsageRecordKey[]): Promise<ReadonlySet<string>> {
    const rows = await tx.query<{ call_id: string }>(
      `INSERT INTO usage_record (source, source_id, call_id, customer_id, fingerprint)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[])
                AS record (source, source_id, call_id, customer_id, fingerprint)
        ORDER BY source, source_id
       ON CONFLICT DO NOTHING RETURNING call_id`,
      [
        records.map(({ source }) => source),
        records.map(({ sourceId }) => sourceId),
        records.map(({ callId }) => callId),
        records.map(({ customerId }) => customerId),
        records.map(({ fingerprint }) => fingerprint),
      ],
    );
    return new Set(rows.map(({ call_id: callId }) => callId));
  }

  /** The fingerprints of reports that were taken before, by call id. */
  async fingerprintsOf(tx: Tx, records: readonly UsageRecordKey[]): Promise<ReadonlyMap<string, Buffer>> {
    if (records.length === 0) return new Map();
    const rows = await tx.query<{ call_id: string; fingerprint: Buffer }>(
      `SELECT call_id, fingerprint
         FROM usage_record
         JOIN unnest($1::text[], $2::text[]) AS wanted (source, source_id) USING (source, source_id)`,
      [records.map(({ source }) => source), records.map(({ sourceId }) => sourceId)],
    );
    return new Map(rows.map((row) => [row.call_id, row.fingerprint]));
  }
}
