import type { CallStarted, EventOf } from '@app/contracts';
import { Database, type PreparedStatement, type Tx } from '@app/persistence';
import type { Charge, Usage } from '@app/rating';
import { Injectable } from '@nestjs/common';
import { relaySource } from '../intake/usage-report.ts';
import type { EndedCall, UnchargedCall } from './ended-call.ts';
import { rolledUp } from './roll-up.ts';

/** Names a call for sure: two customers may have calls of the same id. */
export const callKey = ({
  customerId,
  callId,
}: {
  readonly customerId: string;
  readonly callId: string;
}): string => `${customerId} ${callId}`;

/** One line per call, and the roll-ups that are their sums. Both change in one statement, so they never differ. */
@Injectable()
export class CallStore {
  constructor(private readonly database: Database) {}

  /** Writes down calls that started; what is known already stays as it is. */
  async open(tx: Tx, started: readonly EventOf<typeof CallStarted>[], partition: number): Promise<void> {
    if (started.length === 0) return;
    const column = (of: (data: EventOf<typeof CallStarted>['data']) => string) =>
      started.map(({ data }) => of(data));
    await tx.query(openCalls, [
      partition,
      relaySource,
      column(({ customerId }) => customerId),
      column(({ callId }) => callId),
      column(({ keyId }) => keyId),
      column(({ holdId }) => holdId),
      column(({ model }) => model),
      column(({ endpoint }) => endpoint),
      column(({ priceVersionId }) => priceVersionId),
      column(({ admittedAt }) => admittedAt),
      column(({ deadline }) => deadline),
    ]);
  }

  /** Ends calls, once each: gives the keys of those that had not ended before. */
  async end(tx: Tx, calls: readonly EndedCall[]): Promise<ReadonlySet<string>> {
    if (calls.length === 0) return new Set();
    const ended = calls.map(rowOf);
    const rows = await tx.query<{ customer_id: string; call_id: string }>(
      endCalls,
      endNames.map((name) => ended.map((row) => row[name])),
    );
    return new Set(rows.map((row) => callKey({ customerId: row.customer_id, callId: row.call_id })));
  }

  /**
   * Ends quarantined calls in another way, and moves what they add to the roll-ups: gives the keys of those that were
   * quarantined. What is null stays as it was.
   */
  async amend(tx: Tx, calls: readonly AmendedCall[]): Promise<ReadonlySet<string>> {
    const rows = await tx.query<{ customer_id: string; call_id: string }>(amendCalls, [
      JSON.stringify(calls.map(amendedRowOf)),
    ]);
    return new Set(rows.map((row) => callKey({ customerId: row.customer_id, callId: row.call_id })));
  }

  /** Lets open calls without a hold be given up at once, if their end is not on its way. */
  async holdsExpired(tx: Tx, holds: readonly ExpiredHold[]): Promise<void> {
    if (holds.length === 0) return;
    await tx.query(
      `UPDATE call SET hold_expired_at = "occurredAt", deadline = least(deadline, clock_timestamp())
         FROM json_to_recordset($1::json) AS row ("customerId" text, "holdId" text, "occurredAt" timestamptz)
        WHERE customer_id = "customerId" AND hold_id = "holdId" AND outcome IS NULL AND hold_expired_at IS NULL`,
      [JSON.stringify(holds)],
    );
  }

  /** Keeps the events of quarantined ends as they came. */
  async quarantine(tx: Tx, entries: readonly QuarantineEntry[]): Promise<void> {
    if (entries.length === 0) return;
    await tx.query(
      `INSERT INTO quarantine (customer_id, call_id, event_id, code, reason, event)
       SELECT "customerId", "callId", event->>'id', code, reason, event
         FROM json_to_recordset($1::json) AS row ("customerId" text, "callId" text, code text, reason text, event json)
       ON CONFLICT DO NOTHING`,
      [JSON.stringify(entries)],
    );
  }

  /** The partitions that have calls past their deadline, and the database's clock by which they are. */
  async overdue(): Promise<{ readonly partitions: readonly number[]; readonly at: string }> {
    const [row] = await this.database.query<{ at: string; partitions: number[] }>(
      `SELECT now() AS at, coalesce(array_agg(DISTINCT partition), '{}') AS partitions
         FROM call WHERE outcome IS NULL AND deadline < now()`,
    );
    return row ?? { partitions: [], at: '' };
  }

  /** Ends calls of these partitions without a charge, whose deadline was before an instant. */
  async abandon(
    tx: Tx,
    partitions: readonly number[],
    { before, callsMax }: AbandonLimits,
  ): Promise<readonly UnchargedCall[]> {
    const rows = await tx.query<UnchargedRow>(
      `WITH overdue AS (
         SELECT customer_id, call_id FROM call
          WHERE outcome IS NULL AND deadline < $1 AND partition = ANY($2)
          ORDER BY customer_id, call_id LIMIT $3 FOR UPDATE SKIP LOCKED),
       ended AS (
         UPDATE call SET outcome = 'uncharged', ended_at = clock_timestamp(),
                reason = CASE WHEN hold_expired_at IS NULL THEN 'abandoned' ELSE 'hold_expired' END
           FROM overdue
          WHERE call.customer_id = overdue.customer_id AND call.call_id = overdue.call_id AND call.outcome IS NULL
         RETURNING call.*),
       changed AS (SELECT *, 1 AS weight FROM ended),
       ${rolledUp}
       SELECT customer_id, call_id, hold_id, ended_at, reason FROM ended`,
      [before, partitions, callsMax],
    );
    return rows.map((row) => ({
      customerId: row.customer_id,
      callId: row.call_id,
      holdId: row.hold_id,
      endedAt: row.ended_at,
      reason: row.reason,
    }));
  }
}

/** What changes of a call that was quarantined. */
export type AmendedCall = Pick<
  EndedCall,
  'customerId' | 'callId' | 'priceVersionId' | 'rateCardId' | 'usage' | 'end'
>;

/** A hold that the ledger let go, because its gateway was not heard of. */
export interface ExpiredHold {
  readonly customerId: string;
  readonly holdId: string;
  readonly occurredAt: string;
}

interface UnchargedRow {
  readonly customer_id: string;
  readonly call_id: string;
  readonly hold_id: string;
  readonly ended_at: string;
  readonly reason: 'abandoned' | 'hold_expired';
}

interface AbandonLimits {
  readonly before: string;
  readonly callsMax: number;
}

/** An end of a call that waits for a person. */
export interface QuarantineEntry {
  readonly customerId: string;
  readonly callId: string;
  readonly code: string;
  readonly reason: string;
  readonly event: unknown;
}

const openCalls: PreparedStatement = {
  name: 'open_calls',
  text: `INSERT INTO call (customer_id, call_id, source, key_id, hold_id, model, endpoint, price_version_id, occurred_at,
                deadline, partition)
         SELECT customer_id, call_id, $2, key_id, hold_id, model, endpoint, price_version_id, admitted_at, deadline, $1
           FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                       $10::timestamptz[], $11::timestamptz[])
                AS row (customer_id, call_id, key_id, hold_id, model, endpoint, price_version_id, admitted_at, deadline)
          ORDER BY customer_id, call_id
         ON CONFLICT DO NOTHING`,
};

/** The columns that the end of a call fills, with their types. */
const endColumns = {
  customer_id: 'text',
  call_id: 'text',
  source: 'text',
  key_id: 'text',
  hold_id: 'text',
  model: 'text',
  endpoint: 'text',
  price_version_id: 'text',
  rate_card: 'text',
  occurred_at: 'timestamptz',
  ended_at: 'timestamptz',
  status_code: 'smallint',
  tokens: 'jsonb',
  units: 'jsonb',
  usage_source: 'text',
  estimated: 'boolean',
  raw_usage: 'text',
  currency: 'text',
  charge: 'numeric',
  lines: 'json',
  outcome: 'text',
  reason: 'text',
} as const;
type EndColumn = keyof typeof endColumns;
const endNames = Object.keys(endColumns) as EndColumn[];

// Arrays, one a column: PostgreSQL takes ten times as long to read the rows out of one JSON text.
const endCalls: PreparedStatement = {
  name: 'end_calls',
  text: `
  WITH ended AS (
    INSERT INTO call (${endNames.join(', ')})
    SELECT * FROM unnest(${endNames.map((name, at) => `$${String(at + 1)}::${endColumns[name]}[]`).join(', ')})
             AS row (${endNames.join(', ')})
     ORDER BY customer_id, call_id
    ON CONFLICT (customer_id, call_id) DO UPDATE SET
           rate_card = excluded.rate_card, ended_at = excluded.ended_at, status_code = excluded.status_code,
           tokens = excluded.tokens, units = excluded.units, usage_source = excluded.usage_source,
           estimated = excluded.estimated, raw_usage = excluded.raw_usage, currency = excluded.currency,
           charge = excluded.charge, lines = excluded.lines, outcome = excluded.outcome, reason = excluded.reason
     WHERE call.outcome IS NULL
    RETURNING *),
  changed AS (SELECT *, 1 AS weight FROM ended),
  ${rolledUp}
  SELECT customer_id, call_id FROM ended`,
};

const amendCalls = `
  WITH given AS (
    SELECT * FROM json_to_recordset($1::json) AS row (customer_id text, call_id text, price_version_id text,
           rate_card text, tokens jsonb, units jsonb, usage_source text, estimated boolean, currency text, charge numeric,
           lines json, outcome text, reason text)),
  before AS (
    SELECT call.* FROM call JOIN given USING (customer_id, call_id) WHERE call.outcome = 'quarantined'
     ORDER BY call.customer_id, call.call_id FOR UPDATE OF call),
  ended AS (
    UPDATE call SET
           price_version_id = coalesce(given.price_version_id, call.price_version_id),
           rate_card = coalesce(given.rate_card, call.rate_card),
           tokens = coalesce(given.tokens, call.tokens), units = coalesce(given.units, call.units),
           usage_source = coalesce(given.usage_source, call.usage_source),
           estimated = coalesce(given.estimated, call.estimated),
           currency = given.currency, charge = given.charge, lines = given.lines, outcome = given.outcome,
           reason = given.reason
      FROM given JOIN before USING (customer_id, call_id)
     WHERE call.customer_id = given.customer_id AND call.call_id = given.call_id
    RETURNING call.*),
  changed AS (SELECT *, -1 AS weight FROM before UNION ALL SELECT *, 1 FROM ended),
  ${rolledUp}
  SELECT customer_id, call_id FROM ended`;

const amendedRowOf = ({ end, usage, ...call }: AmendedCall) => ({
  ...{ customer_id: call.customerId, call_id: call.callId },
  ...{ price_version_id: call.priceVersionId, rate_card: call.rateCardId },
  ...(usage === null ? {} : usageOf(usage)),
  ...(end.outcome === 'charged' ? chargeOf(end.charge) : {}),
  ...{ outcome: end.outcome, reason: reasonOf({ end }) },
});

type EndRow = Readonly<Record<EndColumn, string | number | boolean | null>>;

function rowOf(call: EndedCall): EndRow {
  const { end, usage } = call;
  const { tokens, units, ...counted } = usage === null ? noUsage : usageOf(usage);
  const { lines, ...charged } = end.outcome === 'charged' ? chargeOf(end.charge) : noCharge;
  return {
    ...{ customer_id: call.customerId, call_id: call.callId, source: call.source },
    ...{ key_id: call.keyId, hold_id: call.holdId, model: call.model, endpoint: call.endpoint },
    ...{ price_version_id: call.priceVersionId, rate_card: call.rateCardId },
    ...{ occurred_at: call.occurredAt, ended_at: call.endedAt, status_code: call.statusCode },
    ...{ raw_usage: call.rawUsage, outcome: end.outcome, reason: reasonOf(call) },
    ...{ tokens: JSON.stringify(tokens), units: JSON.stringify(units), ...counted },
    ...{ lines: lines && JSON.stringify(lines), ...charged },
  };
}

const noUsage = { tokens: {}, units: {}, usage_source: null, estimated: false };
const noCharge = { currency: null, charge: null, lines: null };

const usageOf = ({ tokens, units, source, estimated }: Usage) => ({
  tokens,
  units,
  usage_source: source,
  estimated,
});

const chargeOf = ({ currency, amount, lines }: Charge) => ({ currency, charge: amount, lines });

/** Why a call has no charge: the reason for the customer, or the code of what a person must look at. */
function reasonOf({ end }: Pick<EndedCall, 'end'>): string | null {
  switch (end.outcome) {
    case 'charged':
      return null;
    case 'uncharged':
      return end.reason;
    case 'quarantined':
      return end.code;
  }
}
