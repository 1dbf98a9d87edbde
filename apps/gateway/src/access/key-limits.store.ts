import { log } from '@app/observability';
import { Database, newId } from '@app/persistence';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { KeyPolicy } from './key-policy.ts';
import { OneAtATime } from './one-at-a-time.ts';

/** One call that wants to go, with the limits of its key. */
export interface WantedCall extends Pick<
  KeyPolicy,
  'requestsPerMinute' | 'tokensPerMinute' | 'concurrentCalls'
> {
  readonly keyId: string;
  /** What it will take of the tokens, as far as can be said before. */
  readonly tokens: number;
}

/** Whether it may go, and how much of the key's rates is used then. */
export interface LimitAnswer {
  readonly refused: 'requests' | 'tokens' | 'concurrency' | null;
  readonly requestsUsed: number;
  readonly tokensUsed: number;
  /** The number of the call among those of its key, for its end. */
  readonly number: string;
}

/** A call that has ended. */
export interface EndedCall {
  readonly keyId: string;
  /** What it took more than was said before; negative where it took less. */
  readonly tokensMore: number;
  readonly number: string;
  readonly tokensPerMinute: number | null;
  readonly wasCounted: boolean;
}

const batchMax = 500;
const aliveSeconds = 30;
const heartbeatMs = 10_000;

/**
 * Rates and calls under way of limited keys, in PostgreSQL, which all replicas share: a limit is one limit, however many
 * replicas there are and whichever dies. Keys without limits cost nothing.
 */
@Injectable()
export class KeyLimitsStore implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly replicaId = newId('gw');
  private readonly takes: OneAtATime<WantedCall, LimitAnswer>;
  private readonly ends: OneAtATime<EndedCall, undefined>;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly database: Database) {
    this.takes = new OneAtATime((wanted) => this.takeAll(wanted), batchMax);
    this.ends = new OneAtATime((ended) => this.endAll(ended), batchMax);
  }

  /** Decides one call, atomically with all others of its key on every replica. */
  take(wanted: WantedCall): Promise<LimitAnswer> {
    return this.takes.ask(wanted);
  }

  /**
   * Corrects what a call took, as if it had never taken more than it used, and lets the next one go. What has flowed off
   * meanwhile is not given back: the room is there already, and may be filled. Returns at once.
   */
  end(ended: EndedCall): void {
    this.ends.ask(ended).catch((error: unknown) => {
      log().warn({ err: error }, 'The end of a limited call was not counted; it flows off with time');
    });
  }

  /** Resolves once every end that was told is counted. */
  ended(): Promise<void> {
    return this.ends.idle();
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.stayAlive().catch((error: unknown) => {
        log().warn({ err: error }, 'The calls under way of this gateway were not confirmed');
      });
    }, heartbeatMs);
    this.timer.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.ended();
    await this.database
      .query('DELETE FROM key_calls WHERE replica_id = $1', [this.replicaId])
      .catch(() => undefined); // It is not heard of any more, which is as good.
  }

  /**
   * Keeps this gateway's calls counted for another while, and forgets those of gateways that are gone. Whoever has a row at
   * this moment is not waited for: calls that begin lock theirs in the order of keys, and two orders would be a deadlock.
   */
  async stayAlive(): Promise<void> {
    await this.database.query(
      `UPDATE key_calls SET alive_until = clock_timestamp() + make_interval(secs => $2)
        WHERE replica_id = $1 AND key_id IN (
          SELECT key_id FROM key_calls WHERE replica_id = $1 AND calls > 0 FOR UPDATE SKIP LOCKED)`,
      [this.replicaId, aliveSeconds],
    );
    await this.database.query(
      `DELETE FROM key_calls WHERE (key_id, replica_id) IN (
         SELECT key_id, replica_id FROM key_calls WHERE alive_until < clock_timestamp() - interval '1 minute'
            FOR UPDATE SKIP LOCKED)`,
    );
  }

  private async takeAll(wanted: readonly WantedCall[]): Promise<readonly LimitAnswer[]> {
    const rows = await this.database.query<LimitAnswer & { readonly at: number }>(
      `SELECT at_index AS at, refused, requests_used AS "requestsUsed", tokens_used AS "tokensUsed",
              call_number AS number
         FROM take_key_limits($1, $2, $3::text[], $4::int[], $5::int[], $6::int[], $7::int[])`,
      [
        this.replicaId,
        aliveSeconds,
        wanted.map(({ keyId }) => keyId),
        wanted.map(({ requestsPerMinute }) => requestsPerMinute),
        wanted.map(({ tokensPerMinute }) => tokensPerMinute),
        wanted.map(({ concurrentCalls }) => concurrentCalls),
        wanted.map(({ tokens }) => tokens),
      ],
    );
    const answers: LimitAnswer[] = [];
    for (const { at, ...answer } of rows) answers[at] = answer;
    return answers;
  }

  private async endAll(ended: readonly EndedCall[]): Promise<undefined[]> {
    await this.database.transaction(async (tx) => {
      const keyIds = ended.map(({ keyId }) => keyId);
      // The same order of locks as in take_key_limits: the level first, by key.
      await tx.query(`SELECT FROM key_level WHERE key_id = ANY ($1::text[]) ORDER BY key_id FOR UPDATE`, [
        keyIds,
      ]);
      await tx.query(`SELECT end_key_calls($1, $2, $3, $4)`, [
        keyIds,
        ended.map(({ number }) => number),
        ended.map(({ tokensMore }) => tokensMore),
        ended.map(({ tokensPerMinute }) => tokensPerMinute),
      ]);
      await tx.query(
        `UPDATE key_calls SET calls = greatest(0, calls - gone)
           FROM (SELECT key_id, count(*) AS gone FROM unnest($2::text[]) AS t(key_id) GROUP BY key_id) AS ended
          WHERE key_calls.key_id = ended.key_id AND replica_id = $1`,
        [this.replicaId, ended.filter(({ wasCounted }) => wasCounted).map(({ keyId }) => keyId)],
      );
    });
    return ended.map(() => undefined);
  }
}
