import { Database, type Tx } from '@app/persistence';
import type { Caller } from '@app/transport';
import { Injectable } from '@nestjs/common';

/** Something that a person did. */
export interface AuditRow {
  readonly id: string;
  readonly at: string;
  readonly actor: string;
  readonly clientId: string;
  readonly action: string;
  readonly subjectId: string;
  readonly detail: string;
}

/** What was done to what. */
export interface Deed {
  readonly action: string;
  readonly subjectId: string;
  readonly detail: string;
}

/** Who did what by hand; only ever added to. */
@Injectable()
export class AuditStore {
  constructor(private readonly database: Database) {}

  /** Writes a deed, in the transaction that does it where there is one. */
  async add(
    caller: Caller,
    { action, subjectId, detail }: Deed,
    tx: Pick<Tx, 'query'> = this.database,
  ): Promise<void> {
    await tx.query(
      'INSERT INTO audit (actor, client_id, action, subject_id, detail) VALUES ($1, $2, $3, $4, $5)',
      [caller.subject, caller.clientId, action, subjectId, detail],
    );
  }

  /** Deeds after a place, of one subject or of all. */
  list(subjectId: string, after: string, limit: number): Promise<AuditRow[]> {
    return this.database.query<AuditRow>(
      `SELECT id::text, at, actor, client_id AS "clientId", action, subject_id AS "subjectId", detail
         FROM audit WHERE ($1 = '' OR subject_id = $1) AND id > $2 ORDER BY id LIMIT $3`,
      [subjectId, after, limit],
    );
  }
}
