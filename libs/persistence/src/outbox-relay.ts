import type { TopicName } from '@app/contracts';
import { invariant } from '@app/decider';
import type { EventLog } from '@app/kafka';
import { log, metrics } from '@app/observability';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { OutboxSignal } from './outbox-signal.ts';
import type { OutboxSource, SourceRow } from './outbox-source.ts';
import { rowTypes } from './row-types.ts';

/** What the relay works with. */
export interface RelayOptions {
  readonly url: string;
  readonly applicationName: string;
  readonly sources: readonly OutboxSource[];
  /**
   * A round costs milliseconds here, in PostgreSQL and at the broker, however few its rows are. So what is committed within this
   * time after a round goes together, in milliseconds: a lone row leaves at once, and a stream of them costs little beside its rows.
   */
  readonly gatherMs?: number | undefined;
}

/** Any number will do, as long as every process of a service uses the same. */
const leaderLock = 7_245_002;
const channel = 'haoli_outbox';
const batchRowsMax = 1_000;
/** Rows may wait for an older transaction to end, of which nobody tells; after so many rounds without a row, that is not why. */
const pollMs = 100;
const closeLooks = 10;
const idlePollMs = 1_000;
const gatherMsUsual = 25;
const followMs = 1_000;
const retryMs = 1_000;

const leads = metrics.gauge({
  name: 'outbox_leader',
  help: 'Whether this process is the one that publishes the outbox.',
});
const relayed = metrics.counter({
  name: 'outbox_rows_published_total',
  help: 'Rows that the broker acknowledged.',
  labels: ['source'],
});
const failures = metrics.counter({
  name: 'outbox_failures_total',
  help: 'Times the relay lost its connection or the broker did not answer.',
});

/**
 * Publishes committed rows in the order (xid, id), below the oldest transaction still running.
 * One process of a service leads, by an advisory lock on a connection of its own; when that connection ends, another leads.
 * A crash between publishing and moving the cursor publishes twice, which readers absorb; nothing is ever skipped.
 */
export class OutboxRelay {
  private running: Promise<void> | undefined;
  private stopped = false;
  private wake: () => void = () => undefined;
  private woken = false;

  constructor(
    private readonly options: RelayOptions,
    private readonly eventLog: EventLog,
    signal: OutboxSignal,
  ) {
    signal.onRaise(() => {
      this.wakeUp();
    });
  }

  /** Starts in the background; faults are logged, counted and tried again. */
  start(): void {
    this.running ??= this.run();
  }

  /** Lets the batch in hand finish, then gives leadership away. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.wakeUp();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        await this.connected((client) => this.lead(client));
      } catch (error) {
        if (this.isStopped()) return;
        failures.inc();
        log().warn({ err: error }, 'The outbox relay failed and starts again');
        await this.pause(retryMs);
      }
    }
  }

  /** Asked anew each time: a signal may have come while the relay waited. */
  private isStopped(): boolean {
    return this.stopped;
  }

  private async connected(work: (client: Client) => Promise<void>): Promise<void> {
    const { url, applicationName } = this.options;
    const client = new Client({
      connectionString: url,
      application_name: `${applicationName} relay`,
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
      query_timeout: 35_000,
      types: rowTypes,
      options: '-c TimeZone=UTC',
    });
    client.on('error', () => {
      this.wakeUp();
    });
    try {
      await client.connect();
      // The statements are prepared once and must not remember how empty the tables were then.
      await client.query('SET enable_seqscan = off');
      await work(client);
    } finally {
      leads.set(0);
      await client.end().catch(() => undefined);
    }
  }

  /** Waits until this process leads, then publishes until it stops. */
  private async lead(client: Client): Promise<void> {
    while (!(await isLeader(client))) {
      // What this process committed is published by the leader: tell it, as seldom as it would look.
      if (await this.pause(followMs)) {
        await client.query(`NOTIFY ${channel}`);
        await sleep(gatherMsUsual);
      }
      if (this.stopped) return;
    }
    leads.set(1);
    client.on('notification', () => {
      this.wakeUp();
    });
    await client.query(`LISTEN ${channel}`);
    for (const { name } of this.options.sources) await insertCursor(client, name);
    await this.publishAll(client);
  }

  private async publishAll(client: Client): Promise<void> {
    let emptyLooks = 0;
    while (!this.stopped) {
      const rows = await this.publishOnce(client);
      emptyLooks = rows === 0 ? emptyLooks + 1 : 0;
      if (rows === 0) {
        if (await this.pause(emptyLooks < closeLooks ? pollMs : idlePollMs)) emptyLooks = 0;
      } else if (rows < batchRowsMax) await sleep(this.options.gatherMs ?? gatherMsUsual);
    }
  }

  private async publishOnce(client: Client): Promise<number> {
    let rows = 0;
    for (const source of this.options.sources) rows += await this.publishSource(client, source);
    return rows;
  }

  private async publishSource(client: Client, source: OutboxSource): Promise<number> {
    const rows = await nextRows(client, source);
    const last = rows.at(-1);
    if (last === undefined) return 0;
    for (const [topic, records] of runsByTopic(rows)) await this.eventLog.publish(topic, records);
    await client.query(
      `UPDATE outbox_cursor SET xid = $2::xid8, id = $3::bigint, published_at = clock_timestamp()
        WHERE source = $1 AND (xid, id) < ($2::xid8, $3::bigint)`,
      [source.name, last.xid, last.id],
    );
    relayed.inc({ source: source.name }, rows.length);
    return rows.length;
  }

  private wakeUp(): void {
    this.woken = true;
    this.wake();
  }

  /** Waits, unless something was committed meanwhile; says whether something was. */
  private async pause(ms: number): Promise<boolean> {
    if (!this.woken) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const { woken } = this;
    this.woken = false;
    return woken;
  }
}

async function isLeader(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ leads: boolean }>('SELECT pg_try_advisory_lock($1) AS leads', [
    leaderLock,
  ]);
  return rows[0]?.leads === true;
}

async function insertCursor(client: Client, source: string): Promise<void> {
  await client.query(
    `INSERT INTO outbox_cursor (source, xid, id) VALUES ($1, '0', 0) ON CONFLICT DO NOTHING`,
    [source],
  );
}

async function nextRows(client: Client, source: OutboxSource): Promise<SourceRow[]> {
  const { rows: cursors } = await client.query<{ xid: string; id: string }>(
    'SELECT xid::text, id::text FROM outbox_cursor WHERE source = $1',
    [source.name],
  );
  const cursor = cursors[0];
  if (cursor === undefined) throw new Error(`The cursor of ${source.name} is missing.`);
  // Planning a source of many partitions costs more than reading it, so it is prepared once for each connection.
  const { rows } = await client.query<Record<string, unknown>>({
    name: `relay_${source.name}`,
    text: source.sql,
    values: [cursor.xid, cursor.id, batchRowsMax],
  });
  const next = rows.map(source.toRow);
  assertOrder(source, [cursor, ...next]);
  return next;
}

/** A source that gives rows in another order would make the cursor jump over some of them: rather nothing is published. */
function assertOrder({ name }: OutboxSource, places: readonly Pick<SourceRow, 'xid' | 'id'>[]): void {
  const isOrdered = places.every((place, index) => {
    const before = places[index - 1];
    return before === undefined || isBefore(before, place);
  });
  invariant(isOrdered, `the rows of ${name} come in the order (xid, id), as numbers`);
}

function isBefore(one: Pick<SourceRow, 'xid' | 'id'>, other: Pick<SourceRow, 'xid' | 'id'>): boolean {
  if (one.xid === other.xid) return BigInt(one.id) < BigInt(other.id);
  return BigInt(one.xid) < BigInt(other.xid);
}

/** Neighbouring rows of one topic go out together. */
function runsByTopic(rows: readonly SourceRow[]): [TopicName, SourceRow[]][] {
  const runs: [TopicName, SourceRow[]][] = [];
  for (const row of rows) {
    const run = runs.at(-1);
    if (run?.[0] === row.topic) run[1].push(row);
    else runs.push([row.topic, [row]]);
  }
  return runs;
}
