import { Instant } from '@app/bookkeeping';
import { Units18 } from '@app/money';
import type { Database } from '@app/persistence';
import type { MadeEntry } from './journal-maker.ts';

const entriesAtOnce = 2_000;

/** Writes made entries straight into the journal's table, in bulk: what the ledger's own door would take an hour for. */
export class JournalLoad {
  private readonly codes = new Map<string, number>();
  private rows: string[][] = [];

  constructor(private readonly database: Database) {}

  /** Takes an entry; writes some together. */
  async add(made: MadeEntry): Promise<void> {
    this.rows.push(await this.valuesOf(made));
    if (this.rows.length >= entriesAtOnce) await this.flush();
  }

  /** Writes what is left. */
  async flush(): Promise<void> {
    const rows = this.rows.splice(0);
    if (rows.length === 0) return;
    const columns = types.map((_type, at) => `{${rows.map((row) => row[at] ?? 'NULL').join(',')}}`);
    await this.database.query(insertSql, columns);
  }

  private async valuesOf({
    entry,
    paid,
    granted,
    held,
    canonical,
    previousHash,
    hash,
  }: MadeEntry): Promise<string[]> {
    const postings: string[] = [];
    for (const at of [0, 1]) {
      const posting = entry.postings[at];
      if (posting === undefined) postings.push('NULL', 'NULL', 'NULL');
      else
        postings.push(
          String(await this.codeOf(posting.debit)),
          String(await this.codeOf(posting.credit)),
          Units18.toText(posting.amount),
        );
    }
    return [
      ...[entry.bookId, String(entry.version), entry.kind, entry.eventId, entry.fingerprint, entry.currency],
      ...[String(entry.postings.length), ...postings],
      ...[paid, granted, held].map((amount) => Units18.toText(amount)),
      ...[Instant.toText(entry.occurredAt), Instant.toText(entry.recordedAt), entry.accountingDate],
      ...[`"${canonical}"`, previousHash, hash],
    ];
  }

  private async codeOf(account: string): Promise<number> {
    const name = account.replace(/^wallet:.*:/, 'wallet:*:');
    const known = this.codes.get(name);
    if (known !== undefined) return known;
    await this.database.query('INSERT INTO account (name) VALUES ($1) ON CONFLICT (name) DO NOTHING', [name]);
    const [row] = await this.database.query<{ code: number }>('SELECT code FROM account WHERE name = $1', [
      name,
    ]);
    this.codes.set(name, row?.code ?? 0);
    return row?.code ?? 0;
  }
}

const types = [
  ...['text', 'bigint', 'text', 'text', 'text', 'text', 'smallint'],
  ...['integer', 'integer', 'numeric', 'integer', 'integer', 'numeric', 'numeric', 'numeric', 'numeric'],
  ...['timestamptz', 'timestamptz', 'date', 'text', 'text', 'text'],
];

const insertSql = `
  INSERT INTO entry (book_id, version, kind, event_id, fingerprint, currency, posting_count, debit_1, credit_1, amount_1,
                     debit_2, credit_2, amount_2, paid_after, granted_after, held_after, occurred_at, recorded_at,
                     accounting_date, canonical_version, canonical, previous_hash, hash, position)
  SELECT book_id, version, kind, event_id, decode(fingerprint, 'hex'), currency, posting_count, debit_1, credit_1, amount_1,
         debit_2, credit_2, amount_2, paid, granted, held, occurred_at, recorded_at, accounting_date, 1,
         convert_to(canonical, 'SQL_ASCII'), decode(previous, 'hex'), decode(hash, 'hex'), ordinal
    FROM unnest(${types.map((type, at) => `$${String(at + 1)}::${type}[]`).join(', ')}) WITH ORDINALITY AS given (
         book_id, version, kind, event_id, fingerprint, currency, posting_count, debit_1, credit_1, amount_1, debit_2, credit_2,
         amount_2, paid, granted, held, occurred_at, recorded_at, accounting_date, canonical, previous, hash, ordinal)`;
