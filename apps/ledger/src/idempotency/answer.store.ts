import { Database } from '@app/persistence';
import { Injectable } from '@nestjs/common';

/** Which request it is. */
export interface RequestPlace {
  readonly caller: string;
  readonly key: string;
  readonly fingerprint: string;
}

/** A request that came before; without a status it is under way. */
export interface StoredAnswer {
  readonly fingerprint: string;
  readonly status: number | null;
  readonly answer: string | null;
}

/** First answers, kept for ever. */
@Injectable()
export class AnswerStore {
  constructor(private readonly database: Database) {}

  /** Takes a request on: undefined where it is ours to do, otherwise what came before. */
  async claim({ caller, key, fingerprint }: RequestPlace): Promise<StoredAnswer | undefined> {
    const claimed = await this.database.query(
      `INSERT INTO idempotent_answer AS a (caller, key, fingerprint) VALUES ($1, $2, $3)
       ON CONFLICT (caller, key) DO UPDATE SET claimed_at = clock_timestamp()
         WHERE a.status IS NULL AND a.fingerprint = excluded.fingerprint
           AND a.claimed_at < clock_timestamp() - interval '1 minute'
       RETURNING 1`,
      [caller, key, fingerprint],
    );
    if (claimed.length > 0) return undefined;
    const [before] = await this.database.query<StoredAnswer>(
      'SELECT fingerprint, status, answer FROM idempotent_answer WHERE caller = $1 AND key = $2',
      [caller, key],
    );
    // Given up just now by who had it: the caller is told to come again.
    return before ?? { fingerprint, status: null, answer: null };
  }

  /** Keeps the first answer. */
  async keep(
    { caller, key }: RequestPlace,
    { status, answer }: Omit<StoredAnswer, 'fingerprint'>,
  ): Promise<void> {
    await this.database.query(
      'UPDATE idempotent_answer SET status = $3, answer = $4 WHERE caller = $1 AND key = $2 AND status IS NULL',
      [caller, key, status, answer],
    );
  }

  /** Lets the request be sent again, because it was not answered. */
  async giveUp({ caller, key }: RequestPlace): Promise<void> {
    await this.database.query(
      'DELETE FROM idempotent_answer WHERE caller = $1 AND key = $2 AND status IS NULL',
      [caller, key],
    );
  }
}
