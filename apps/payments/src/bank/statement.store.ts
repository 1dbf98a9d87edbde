import type { Money } from '@app/money';
import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import type { BankStatement } from './bank-statement.ts';

/** A statement as it is kept. */
export interface KeptStatement {
  readonly statementId: string;
  readonly bank: string;
  readonly format: string;
  readonly sequence: number | null;
  readonly currency: string;
  readonly opening: string;
  readonly closing: string;
  /** Why nothing of it was booked; empty where all of it was. */
  readonly quarantined: string;
  readonly importedBy: string;
  readonly importedAt: string;
}

export interface NewStatement {
  readonly statementId: string;
  readonly bank: string;
  readonly fileSha256: string;
  readonly part: number;
  readonly statement: BankStatement;
  readonly quarantined: string | null;
  readonly body: Uint8Array;
  readonly importedBy: string;
}

/** What becomes of a line. */
export interface NewLine {
  readonly lineId: string;
  readonly direction: 'credit' | 'debit';
  readonly amount: string;
  readonly currency: string;
  readonly bookedOn: string;
  readonly reference: string | null;
  readonly fingerprint: string;
  readonly partyName: string;
  readonly partyAccount: string;
  readonly memo: string;
  readonly status: 'credited' | 'suspense' | 'settlement' | 'paid_out' | 'unexplained' | 'resolved';
  readonly reason: string | null;
  readonly customerId: string | null;
  readonly subjectId: string | null;
}

const view = `statement_id AS "statementId", bank, format, sequence, currency, trim_scale(opening) AS opening,
  trim_scale(closing) AS closing, COALESCE(quarantined, '') AS quarantined, imported_by AS "importedBy",
  imported_at AS "importedAt"`;

/** Bank statements and their lines. Neither is ever taken back. */
@Injectable()
export class Statements {
  constructor(private readonly database: Database) {}

  /** One import of a bank at a time, until the end of the transaction. */
  async lockBank(tx: Tx, bank: string): Promise<void> {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('bank-statements:' || $1, 0))`, [bank]);
  }

  /** The statements of a file that was booked before. */
  ofFile(tx: Tx, bank: string, fileSha256: string): Promise<KeptStatement[]> {
    return tx.query<KeptStatement>(
      `SELECT ${view} FROM bank_statement WHERE bank = $1 AND file_sha256 = $2 AND quarantined IS NULL ORDER BY part`,
      [bank, fileSha256],
    );
  }

  /** Where the booked statements of a bank end: by the database's clock, for ids of one millisecond have no order. */
  async latest(tx: Tx, bank: string): Promise<KeptStatement | undefined> {
    const [row] = await tx.query<KeptStatement>(
      `SELECT ${view} FROM bank_statement WHERE bank = $1 AND quarantined IS NULL
        ORDER BY imported_at DESC, part DESC LIMIT 1`,
      [bank],
    );
    return row;
  }

  /** Those of the fingerprints that are known. */
  async known(tx: Tx, bank: string, fingerprints: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await tx.query<{ fingerprint: string }>(
      'SELECT fingerprint FROM bank_line WHERE bank = $1 AND fingerprint = ANY($2)',
      [bank, fingerprints],
    );
    return new Set(rows.map(({ fingerprint }) => fingerprint));
  }

  async insert(tx: Tx, added: NewStatement): Promise<KeptStatement> {
    const { statement, ...rest } = added;
    const [row] = await tx.query<KeptStatement>(
      `INSERT INTO bank_statement (statement_id, bank, format, file_sha256, part, sequence, currency, opening, closing,
                                   quarantined, body, imported_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING ${view}`,
      [
        ...[
          rest.statementId,
          rest.bank,
          statement.format,
          rest.fileSha256,
          rest.part,
          statement.sequence ?? null,
        ],
        ...[statement.currency, text(statement.opening), text(statement.closing)],
        ...[rest.quarantined, rest.body, rest.importedBy],
      ],
    );
    if (!row) throw new Error('A statement was not kept.');
    return row;
  }

  async insertLines(
    tx: Tx,
    { statementId, bank }: { readonly statementId: string; readonly bank: string },
    lines: readonly NewLine[],
  ): Promise<void> {
    await tx.query(
      `INSERT INTO bank_line (line_id, statement_id, bank, direction, amount, currency, booked_on, reference, fingerprint,
                              party_name, party_account, memo, status, reason, customer_id, subject_id)
       SELECT "lineId", $2, $3, direction, amount, currency, "bookedOn", reference, fingerprint, "partyName",
              "partyAccount", memo, status, reason, "customerId", "subjectId"
         FROM json_to_recordset($1) AS row ("lineId" text, direction text, amount numeric, currency text, "bookedOn" date,
              reference text, fingerprint text, "partyName" text, "partyAccount" text, memo text, status text,
              reason text, "customerId" text, "subjectId" text)`,
      [JSON.stringify(lines), statementId, bank],
    );
  }

  /** The newest statements of a bank, quarantined ones too. */
  list(bank: string, limit: number): Promise<KeptStatement[]> {
    return this.database.query<KeptStatement>(
      `SELECT ${view} FROM bank_statement WHERE bank = $1 ORDER BY imported_at DESC, part DESC LIMIT $2`,
      [bank, limit],
    );
  }
}

const text = (amount: Money): string => amount.toText();
