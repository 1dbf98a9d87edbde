import { Database } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import type { BillKind, FundLine, TradeLine } from '../channels/daily-bill.ts';

/** A bill of a channel and a day. */
export interface BillKey {
  readonly channel: string;
  readonly day: string;
  readonly kind: BillKind;
}

const tables = { trade: 'trade_line', fund: 'fund_line' } as const;

/** The lines of daily bills. They are written in short transactions: a long one would hold back what goes to Kafka. */
@Injectable()
export class Bills {
  constructor(private readonly database: Database) {}

  /** The digest of the bill that is here as a whole, if one is. */
  async digestOf({ channel, day, kind }: BillKey): Promise<string | undefined> {
    const [row] = await this.database.query<{ sha256: string }>(
      'SELECT sha256 FROM bill WHERE channel = $1 AND day = $2 AND kind = $3',
      [channel, day, kind],
    );
    return row?.sha256;
  }

  /** Takes away what is here of a bill: from now on there is none. */
  async clear({ channel, day, kind }: BillKey): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.query('DELETE FROM bill WHERE channel = $1 AND day = $2 AND kind = $3', [channel, day, kind]);
      await tx.query(`DELETE FROM ${tables[kind]} WHERE channel = $1 AND day = $2`, [channel, day]);
    });
  }

  /** Says that the bill is here as a whole. */
  async complete({ channel, day, kind }: BillKey, { sha256, lines }: { sha256: string; lines: number }) {
    await this.database.query(
      'INSERT INTO bill (channel, day, kind, sha256, lines) VALUES ($1, $2, $3, $4, $5)',
      [channel, day, kind, sha256, lines],
    );
    await this.database.query(`ANALYZE ${tables[kind]}`);
  }

  async addTrades({ channel, day }: BillKey, from: number, lines: readonly TradeLine[]): Promise<void> {
    const column = (name: keyof TradeLine): readonly string[] => lines.map((line) => line[name]);
    await this.database.query(
      `INSERT INTO trade_line (channel, day, line, kind, number, reference, refund_number, fund_reference, amount, currency,
                               fee, at)
       SELECT $1, $2, $3 + ordinality, kind, number, reference, refund, fund, amount::numeric, currency, fee::numeric,
              at::timestamptz
         FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
                     $12::text[])
              WITH ORDINALITY AS row (kind, number, reference, refund, fund, amount, currency, fee, at, ordinality)`,
      [
        ...[channel, day, from],
        ...[column('kind'), column('number'), column('reference'), column('refundNumber')],
        ...[column('fundReference'), column('amount'), column('currency'), column('fee'), column('at')],
      ],
    );
  }

  async addFunds({ channel, day }: BillKey, from: number, lines: readonly FundLine[]): Promise<void> {
    const column = (name: keyof FundLine): readonly string[] => lines.map((line) => line[name]);
    await this.database.query(
      `INSERT INTO fund_line (channel, day, line, kind, direction, flow, reference, amount, balance, at)
       SELECT $1, $2, $3 + ordinality, kind, direction, flow, reference, amount::numeric, balance::numeric, at::timestamptz
         FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])
              WITH ORDINALITY AS row (kind, direction, flow, reference, amount, balance, at, ordinality)`,
      [
        ...[channel, day, from],
        ...[column('kind'), column('direction'), column('flow'), column('reference')],
        ...[column('amount'), column('balance'), column('at')],
      ],
    );
  }
}
