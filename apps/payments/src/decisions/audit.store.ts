import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';

/** Something that a person did by hand. */
export interface Deed {
  readonly actor: string;
  readonly action: string;
  readonly subjectId: string;
  readonly detail: string;
}

/** A deed as it is kept, for ever. */
export interface KeptDeed extends Deed {
  readonly id: string;
  readonly at: string;
}

/** Who did what by hand: only ever added to, in the transaction of what was done. */
@Injectable()
export class Audit {
  constructor(private readonly database: Database) {}

  async add(tx: Tx, { actor, action, subjectId, detail }: Deed): Promise<void> {
    await tx.query('INSERT INTO audit (actor, action, subject_id, detail) VALUES ($1, $2, $3, $4)', [
      ...[actor, action, subjectId, detail],
    ]);
  }

  /** A deed that is more than one transaction, written down before it begins. */
  note(deed: Deed): Promise<void> {
    return this.database.transaction((tx) => this.add(tx, deed));
  }

  /** The deeds about a subject, or all of them; newest first, from below `before`. */
  list({
    subjectId,
    before,
    limit,
  }: {
    subjectId: string;
    before: string;
    limit: number;
  }): Promise<KeptDeed[]> {
    return this.database.query<KeptDeed>(
      `SELECT id, at, actor, action, subject_id AS "subjectId", detail FROM audit
        WHERE ($1 = '' OR subject_id = $1) AND ($2 = '' OR id < $2::bigint) ORDER BY id DESC LIMIT $3`,
      [subjectId, before, limit],
    );
  }
}
