import type { Money } from '@app/money';
import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';

/** What a payout pays: an item of a refund, or money in suspense that goes back. */
export type PayoutKind = 'refund-item' | 'suspense';

/** Money that leaves by bank. The amount is text in `currency`. */
export interface Payout {
  /** Stands in the memo, by which the statement's line is known. */
  readonly number: string;
  readonly kind: PayoutKind;
  readonly subjectId: string;
  readonly bank: string;
  readonly amount: string;
  readonly currency: string;
  readonly payeeName: string;
  readonly payeeAccount: string;
  /** `withdrawn` before it was in a file: its refund item was paid by its own provider after all. */
  readonly status: 'approved' | 'filed' | 'paid' | 'bounced' | 'withdrawn';
  readonly fileId: string | null;
}

/** A payout that two people have decided. */
export interface NewPayout extends Pick<
  Payout,
  'number' | 'kind' | 'subjectId' | 'bank' | 'payeeName' | 'payeeAccount'
> {
  readonly amount: Money;
  readonly proposalId: string;
}

const view = `number, kind, subject_id AS "subjectId", bank, trim_scale(amount) AS amount, currency,
  payee_name AS "payeeName", payee_account AS "payeeAccount", status, file_id AS "fileId"`;

/** Payouts by bank and the files that carried them. */
@Injectable()
export class Payouts {
  constructor(private readonly database: Database) {}

  async insert(tx: Tx, payout: NewPayout): Promise<void> {
    await tx.query(
      `INSERT INTO payout (number, kind, subject_id, bank, amount, currency, payee_name, payee_account, proposal_id)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        ...[
          payout.number,
          payout.kind,
          payout.subjectId,
          payout.bank,
          payout.amount.toText(),
          payout.amount.currency,
        ],
        ...[payout.payeeName, payout.payeeAccount, payout.proposalId],
      ],
    );
  }

  /** Takes what is approved and in no file yet, so that it is in this one only. */
  takeForFile(
    tx: Tx,
    { bank, fileId, limit }: { bank: string; fileId: string; limit: number },
  ): Promise<Payout[]> {
    return tx.query<Payout>(
      `UPDATE payout SET status = 'filed', file_id = $2 WHERE number IN (
         SELECT number FROM payout WHERE bank = $1 AND status = 'approved' ORDER BY number LIMIT $3 FOR UPDATE SKIP LOCKED)
       RETURNING ${view}`,
      [bank, fileId, limit],
    );
  }

  async keepFile(
    tx: Tx,
    file: { fileId: string; bank: string; body: string; madeBy: string },
  ): Promise<void> {
    await tx.query('INSERT INTO payout_file (file_id, bank, body, made_by) VALUES ($1, $2, $3, $4)', [
      ...[file.fileId, file.bank, file.body, file.madeBy],
    ]);
  }

  async file(
    fileId: string,
  ): Promise<{ readonly fileId: string; readonly bank: string; readonly body: string } | undefined> {
    const [row] = await this.database.query<{ fileId: string; bank: string; body: string }>(
      'SELECT file_id AS "fileId", bank, body FROM payout_file WHERE file_id = $1',
      [fileId],
    );
    return row;
  }

  /** Payouts of a bank by their numbers, locked. */
  async lock(tx: Tx, bank: string, numbers: readonly string[]): Promise<ReadonlyMap<string, Payout>> {
    const rows = await tx.query<Payout>(
      `SELECT ${view} FROM payout WHERE bank = $1 AND number = ANY($2) ORDER BY number FOR UPDATE`,
      [bank, numbers],
    );
    return new Map(rows.map((row) => [row.number, row]));
  }

  async paid(tx: Tx, number: string, by: { reference: string; paidAt: string }): Promise<void> {
    await tx.query(`UPDATE payout SET status = 'paid', bank_reference = $2, paid_at = $3 WHERE number = $1`, [
      ...[number, by.reference, by.paidAt],
    ]);
  }

  /**
   * Ends the payout of a refund item that was paid otherwise. Gives the number of one that is in a file already: it can
   * no longer be held back here.
   */
  async withdraw(tx: Tx, itemId: string): Promise<string | undefined> {
    const isOfItem = `kind = 'refund-item' AND subject_id = $1`;
    await tx.query(`UPDATE payout SET status = 'withdrawn' WHERE ${isOfItem} AND status = 'approved'`, [
      itemId,
    ]);
    // Not locked: a statement that is being taken in has it, and waits for the refund's row that we have.
    const [filed] = await tx.query<{ number: string }>(
      `SELECT number FROM payout WHERE ${isOfItem} AND status = 'filed'`,
      [itemId],
    );
    return filed?.number;
  }

  async bounced(tx: Tx, numbers: readonly string[]): Promise<void> {
    await tx.query(`UPDATE payout SET status = 'bounced' WHERE number = ANY($1)`, [numbers]);
  }

  /** Payouts that are not over, oldest first. */
  open(limit: number): Promise<Payout[]> {
    return this.database.query<Payout>(
      `SELECT ${view} FROM payout WHERE status IN ('approved', 'filed') ORDER BY number LIMIT $1`,
      [limit],
    );
  }
}
