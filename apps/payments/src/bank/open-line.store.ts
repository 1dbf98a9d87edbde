import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import type { NewLine } from './statement.store.ts';

/** A movement that waits for people, with the account that it is on. Amounts are text in `currency`. */
export interface OpenLine extends NewLine {
  readonly bank: string;
}

/** How an open line ended: without a booking, at the expense of customers, or as money that left suspense. */
export type LineResolution = 'explained' | 'forced-refund' | 'suspense-left';

/** How many lines nobody has explained, by what is known of them. */
export interface UnexplainedLines {
  readonly reason: string;
  readonly count: number;
  readonly oldestSeconds: number;
}

const view = `line_id AS "lineId", bank, direction, trim_scale(amount) AS amount, currency, booked_on::text AS "bookedOn",
  reference, fingerprint, party_name AS "partyName", party_account AS "partyAccount", memo, status, reason,
  customer_id AS "customerId", subject_id AS "subjectId"`;

/** What bank statements show and no machine may end. */
@Injectable()
export class OpenLines {
  constructor(private readonly database: Database) {}

  /** Lines of a bank that nobody has explained yet, newest first. */
  list(bank: string, limit: number): Promise<OpenLine[]> {
    return this.database.query<OpenLine>(
      `SELECT ${view} FROM bank_line WHERE bank = $1 AND status IN ('unexplained', 'suspense')
        ORDER BY line_id DESC LIMIT $2`,
      [bank, limit],
    );
  }

  async lock(tx: Tx, lineId: string): Promise<OpenLine | undefined> {
    const [row] = await tx.query<OpenLine>(`SELECT ${view} FROM bank_line WHERE line_id = $1 FOR UPDATE`, [
      lineId,
    ]);
    return row;
  }

  async resolve(
    tx: Tx,
    lineId: string,
    by: { readonly resolution: LineResolution; readonly proposalId: string; readonly at: Date },
  ): Promise<void> {
    await tx.query(
      `UPDATE bank_line SET status = 'resolved', resolution = $2, proposal_id = $3, resolved_at = $4 WHERE line_id = $1`,
      [lineId, by.resolution, by.proposalId, by.at],
    );
  }

  /**
   * Names, in reversals that have just been booked, what each takes back: the one earlier credit of the same amount and the same
   * account, or with the same reference. Where there are several, or several reversals of one, people look.
   */
  async nameReversed(tx: Tx, lineIds: readonly string[]): Promise<void> {
    if (lineIds.length === 0) return;
    await tx.query(
      `WITH candidate AS (
         SELECT r.line_id, o.customer_id, o.subject_id, count(*) OVER (PARTITION BY r.line_id) AS credits,
                count(*) OVER (PARTITION BY o.line_id) AS reversals
           FROM bank_line r
           JOIN bank_line o ON o.bank = r.bank AND o.direction = 'credit' AND o.amount = r.amount AND o.currency = r.currency
            AND o.status IN ('credited', 'suspense') AND o.booked_on <= r.booked_on
            AND (o.reference = r.reference OR (o.party_account <> '' AND o.party_account = r.party_account))
          WHERE r.line_id = ANY($1) AND NOT EXISTS (
                SELECT 1 FROM bank_line other
                 WHERE other.bank = r.bank AND other.amount = r.amount AND other.subject_id = o.subject_id
                   AND other.direction = 'debit' AND other.reason = 'reversal'))
       UPDATE bank_line SET customer_id = candidate.customer_id, subject_id = candidate.subject_id
         FROM candidate WHERE bank_line.line_id = candidate.line_id AND credits = 1 AND reversals = 1`,
      [lineIds],
    );
  }

  /** Opens lines that seemed clear, each with what stands against it. */
  async question(
    tx: Tx,
    lines: readonly { readonly lineId: string; readonly reason: string }[],
  ): Promise<void> {
    if (lines.length === 0) return;
    await tx.query(
      `UPDATE bank_line SET status = 'unexplained', reason = row.reason
         FROM json_to_recordset($1) AS row ("lineId" text, reason text) WHERE line_id = row."lineId"`,
      [JSON.stringify(lines)],
    );
  }

  /** Lines that nobody has explained, by reason. */
  unexplained(now: Date): Promise<UnexplainedLines[]> {
    return this.database.query<UnexplainedLines>(
      `SELECT COALESCE(reason, 'unknown') AS reason, count(*)::int AS count,
              greatest(0, extract(epoch FROM $1::timestamptz - min(imported_at)))::float8 AS "oldestSeconds"
         FROM bank_line JOIN bank_statement USING (statement_id) WHERE status = 'unexplained' GROUP BY 1`,
      [now],
    );
  }
}
