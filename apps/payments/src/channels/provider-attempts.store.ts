import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import type { Outcome } from './payment-channel.ts';

/** What may move money or an order at a provider. Queries change nothing and leave no attempt. */
export type AttemptedOperation = 'create' | 'close' | 'refund';

/** The attempts at providers: written before the call, so that after a crash nobody has to guess whether there was one. */
@Injectable()
export class ProviderAttempts {
  constructor(private readonly database: Database) {}

  /** Writes an attempt down. Commit before calling. */
  async prepare(tx: Tx, subjectId: string, operation: AttemptedOperation): Promise<string> {
    const [row] = await tx.query<{ attempt_id: string }>(
      'INSERT INTO provider_attempt (subject_id, operation) VALUES ($1, $2) RETURNING attempt_id',
      [subjectId, operation],
    );
    return row?.attempt_id ?? '';
  }

  /** Writes an attempt down in a transaction of its own. */
  begin(subjectId: string, operation: AttemptedOperation): Promise<string> {
    return this.database.transaction((tx) => this.prepare(tx, subjectId, operation));
  }

  /** Writes down what came of it. */
  async end(tx: Tx, attemptId: string, outcome: Outcome<unknown>): Promise<void> {
    const [code, message] = outcome.kind === 'ok' ? [null, null] : [outcome.code, outcome.message];
    await tx.query(
      `UPDATE provider_attempt SET outcome = $2, code = $3, message = $4, answered_at = clock_timestamp()
        WHERE attempt_id = $1`,
      [attemptId, outcome.kind, code, message],
    );
  }
}
