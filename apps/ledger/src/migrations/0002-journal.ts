import { grantToApp } from '@app/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Parts of the journal by hash of the book, so that indexes stay small and parts can move to other machines. */
const parts = 8;

/** The journal: entries and their postings, which are only ever added, and the head of each book. */
export class Journal implements MigrationInterface {
  readonly name = 'Journal0000000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(accounts);
    await runner.query(entries);
    await runner.query(heads);
    await runner.query(refusal);
    for (const table of ['account', 'entry', 'entry_posting']) await addOnly(runner, table);
    for (let part = 0; part < parts; part += 1) {
      for (const table of ['entry', 'entry_posting']) {
        await runner.query(`CREATE TABLE ${table}_p${part} PARTITION OF ${table}
                            FOR VALUES WITH (MODULUS ${parts}, REMAINDER ${part})`);
        await addOnly(runner, `${table}_p${part}`);
      }
    }
  }

  /** Migrations go forward only: what the journal holds is never taken back. */
  down(): Promise<void> {
    return Promise.reject(new Error('The journal is never taken back.'));
  }
}

const accounts = `
  -- Account names as small numbers. In a name, * stands for the id of the book: every customer's wallet is two rows here.
  CREATE TABLE account (
    code integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE
  );`;

const entries = `
  -- One row per entry. Up to two postings lie in the row itself, further ones in entry_posting. The row carries the
  -- balance after it, so a balance as of any instant is one index look-up, and its place in the order of commits, so it
  -- is its own outbox row.
  CREATE TABLE entry (
    book_id text NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    kind text NOT NULL,
    event_id text NOT NULL,
    fingerprint bytea NOT NULL,
    currency text NOT NULL,
    posting_count smallint NOT NULL DEFAULT 0,
    debit_1 integer,
    credit_1 integer,
    amount_1 numeric(38,18) CHECK (amount_1 > 0),
    debit_2 integer,
    credit_2 integer,
    amount_2 numeric(38,18) CHECK (amount_2 > 0),
    paid_after numeric(38,18) NOT NULL CHECK (paid_after >= 0),
    granted_after numeric(38,18) NOT NULL CHECK (granted_after >= 0),
    held_after numeric(38,18) NOT NULL CHECK (held_after >= 0),
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    accounting_date date NOT NULL,
    canonical_version smallint NOT NULL,
    canonical bytea NOT NULL,
    previous_hash bytea NOT NULL,
    hash bytea NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    position integer NOT NULL,
    PRIMARY KEY (book_id, version),
    UNIQUE (book_id, event_id),
    CHECK (paid_after + granted_after >= held_after),
    CHECK (debit_1 <> credit_1 AND debit_2 <> credit_2)
  ) PARTITION BY HASH (book_id);
  CREATE INDEX entry_recorded ON entry (book_id, recorded_at, version);
  CREATE INDEX entry_published ON entry (xid, position);

  CREATE TABLE entry_posting (
    book_id text NOT NULL,
    version bigint NOT NULL,
    line smallint NOT NULL CHECK (line > 2),
    debit integer NOT NULL,
    credit integer NOT NULL CHECK (credit <> debit),
    amount numeric(38,18) NOT NULL CHECK (amount > 0),
    PRIMARY KEY (book_id, version, line)
  ) PARTITION BY HASH (book_id);

  -- Every posting of every entry, by account name.
  CREATE VIEW posting AS
    SELECT e.book_id, e.version, p.line, replace(d.name, '*', e.book_id) AS debit, replace(c.name, '*', e.book_id) AS credit,
           p.amount, e.currency, e.kind, e.event_id, e.occurred_at, e.recorded_at, e.accounting_date
      FROM entry e
      CROSS JOIN LATERAL (
        SELECT 1 AS line, e.debit_1 AS debit, e.credit_1 AS credit, e.amount_1 AS amount WHERE e.posting_count > 0
        UNION ALL SELECT 2, e.debit_2, e.credit_2, e.amount_2 WHERE e.posting_count > 1
        UNION ALL SELECT x.line, x.debit, x.credit, x.amount FROM entry_posting x
                   WHERE e.posting_count > 2 AND x.book_id = e.book_id AND x.version = e.version
      ) p
      JOIN account d ON d.code = p.debit
      JOIN account c ON c.code = p.credit;`;

const heads = `
  -- Where each book stands: what a writer locks. Everything in it follows from the entries and can be rebuilt.
  CREATE TABLE book_head (
    book_id text PRIMARY KEY,
    currency text NOT NULL,
    version bigint NOT NULL,
    hash bytea NOT NULL,
    paid numeric(38,18) NOT NULL CHECK (paid >= 0),
    granted numeric(38,18) NOT NULL CHECK (granted >= 0),
    held numeric(38,18) NOT NULL CHECK (held >= 0),
    recorded_at timestamptz NOT NULL,
    -- Plan and budgets.
    state text NOT NULL,
    CHECK (paid + granted >= held)
  ) WITH (fillfactor = 50);

  -- What platform accounts were debited and credited, by accounting date: rows are added per batch, summed on read,
  -- and put together now and then. No writer ever waits for one.
  CREATE TABLE account_total (
    account integer NOT NULL REFERENCES account,
    currency text NOT NULL,
    accounting_date date NOT NULL,
    debit numeric NOT NULL,
    credit numeric NOT NULL
  );
  CREATE INDEX account_total_by_account ON account_total (account, currency, accounting_date);`;

/** Refuses UPDATE, DELETE and TRUNCATE to everyone, the owner included; the service's own role has no such right to begin with. */
const refusal = `
  CREATE FUNCTION refuse_change_of_journal() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    RAISE EXCEPTION 'the journal is only ever added to: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'HL001';
  END $$;`;

async function addOnly(runner: QueryRunner, table: string): Promise<void> {
  await runner.query(`CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON ${table}
                      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_journal()`);
  await grantToApp(runner, 'SELECT, INSERT', table);
}
