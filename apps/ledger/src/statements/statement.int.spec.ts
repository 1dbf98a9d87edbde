import type { Database } from '@app/persistence';
import { freshDatabase } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ledgerOn, type LedgerForSpecs } from '../../test/ledger-for-specs.ts';
import { type StatementLine, StatementStore, type StatementPeriod } from './statement.store.ts';

const second = 1_000;
const minute = 60 * second;
const day = 86_400 * second;
const begun = Date.parse('2026-05-01T00:00:00Z');

let ledger: LedgerForSpecs;
let database: Database;

beforeAll(async () => {
  ledger = await ledgerOn(await freshDatabase('statement'));
  database = ledger.database;
});
afterAll(() => ledger.close());

/** An entry as a statement looks at it; instants in milliseconds. */
interface Row {
  readonly version: number;
  readonly occurredAt: number;
  readonly recordedAt: number;
  readonly paid: number;
  readonly granted: number;
}

/** Writes entries straight into the journal: what a statement looks at is when they occurred and what the balance was after them. */
async function write(bookId: string, rows: readonly Row[]): Promise<void> {
  await database.query(
    `INSERT INTO entry (book_id, version, kind, event_id, fingerprint, currency, paid_after, granted_after, held_after, occurred_at,
                        recorded_at, accounting_date, canonical_version, canonical, previous_hash, hash, position)
     SELECT $1, version, 'charge', 'event_' || version, '', 'CNY', paid, granted, 0, occurred, recorded, occurred::date, 1, '', '', '', version
       FROM unnest($2::bigint[], $3::numeric[], $4::numeric[], $5::timestamptz[], $6::timestamptz[]) AS given (version, paid, granted, occurred, recorded)`,
    [
      bookId,
      ...[
        rows.map(({ version }) => version),
        rows.map(({ paid }) => paid),
        rows.map(({ granted }) => granted),
      ],
      ...[rows.map(({ occurredAt }) => at(occurredAt)), rows.map(({ recordedAt }) => at(recordedAt))],
    ],
  );
}

const at = (instant: number): string => new Date(instant).toISOString();

/** Entries recorded within some hours, of which some occurred long before, or after they were recorded. */
const histories = fc
  .array(
    fc.record({
      after: fc.integer({ min: 0, max: 90 * second }),
      lag: fc.oneof(
        fc.integer({ min: 0, max: 2 * second }),
        fc.constantFrom(0, minute, minute + 1, 3 * day, -5 * second, -2 * 60 * minute, 20 * minute),
      ),
      paid: fc.integer({ min: 0, max: 90 }),
      granted: fc.integer({ min: 0, max: 9 }),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((steps) => {
    let recordedAt = begun;
    return steps.map(({ after, lag, paid, granted }, index): Row => {
      recordedAt += after;
      return { version: index + 1, occurredAt: recordedAt - lag, recordedAt, paid, granted };
    });
  });

const instants = fc.oneof(
  fc.integer({ min: -minute, max: 60 * minute }),
  fc.integer({ min: -4 * day, max: 4 * day }),
);

/** What a statement says, by its words: each entry moves what it changed, in the order in which entries occurred. */
function expected(rows: readonly Row[], { from, asOf, asKnownAt }: StatementPeriod) {
  const occurredOrder = (left: Row, right: Row) =>
    left.occurredAt - right.occurredAt || left.version - right.version;
  let [paid, granted] = [0, 0];
  let opening = [0, 0];
  const lines: unknown[] = [];
  const known = rows.filter(
    ({ recordedAt, occurredAt }) => recordedAt <= Date.parse(asKnownAt) && occurredAt < Date.parse(asOf),
  );
  for (const row of known.toSorted(occurredOrder)) {
    const before = rows[row.version - 2];
    const change = [row.paid - (before?.paid ?? 0), row.granted - (before?.granted ?? 0)] as const;
    [paid, granted] = [paid + change[0], granted + change[1]];
    if (row.occurredAt < Date.parse(from)) opening = [paid, granted];
    else lines.push([row.version, ...change, paid, granted]);
  }
  return { opening, closing: [paid, granted], lines };
}

const lineOf = ({ version, change, balance }: StatementLine) => [
  Number(version),
  ...[change.paid, change.granted, balance.paid, balance.granted].map(Number),
];

describe('a statement', () => {
  let books = 0;

  it('says of any history and any period what each entry changed, whenever it occurred and was recorded', async () => {
    await fc.assert(
      fc.asyncProperty(histories, instants, instants, instants, async (rows, first, second_, known) => {
        const customerId = `cus_history${(books += 1)}`;
        await write(customerId, rows);
        const [from, asOf] = [Math.min(first, second_), Math.max(first, second_)];
        const period = {
          customerId,
          ...{ from: at(begun + from), asOf: at(begun + asOf), asKnownAt: at(begun + known) },
        };
        const store = new StatementStore(database);
        const { opening, closing } = await store.ends(period);
        const lines = await store.lines(period, undefined, 500);
        expect({
          opening: [opening.paid, opening.granted].map(Number),
          closing: [closing.paid, closing.granted].map(Number),
          lines: lines.map(lineOf),
        }).toEqual(expected(rows, period));
        const [, place] = lines;
        const after = await store.lines(period, place, 500);
        expect(after.map(lineOf)).toEqual(
          place === undefined ? lines.map(lineOf) : lines.slice(2).map(lineOf),
        );
      }),
      { numRuns: 150 },
    );
  });

  it('shows what was learned since, with the balances that it came to', async () => {
    const rows = [
      { version: 1, occurredAt: begun, recordedAt: begun, paid: 50, granted: 0 },
      { version: 2, occurredAt: begun + minute, recordedAt: begun + minute, paid: 40, granted: 0 },
      { version: 3, occurredAt: begun - day, recordedAt: begun + 10 * minute, paid: 40, granted: 5 },
      { version: 4, occurredAt: begun + 11 * minute, recordedAt: begun + 11 * minute, paid: 30, granted: 5 },
    ];
    await write('cus_learned', rows);
    const period = {
      customerId: 'cus_learned',
      from: at(begun),
      asOf: at(begun + day),
      asKnownAt: at(begun + day),
    };
    const { lines, entries } = await new StatementStore(database).recordedSince(
      period,
      at(begun + 5 * minute),
      500,
    );
    expect(entries).toBe('2');
    expect(lines.map(lineOf)).toEqual([
      [3, 0, 5, 0, 5],
      [4, -10, 0, 30, 5],
    ]);
  });

  it('reads what lies in its period, however long the book is', async () => {
    const rows = Array.from({ length: 20_000 }, (_, index): Row => {
      const recordedAt = begun + index * 10 * second;
      const isLate = index % 500 === 0;
      return {
        version: index + 1,
        occurredAt: recordedAt - (isLate ? day : second),
        recordedAt,
        paid: index,
        granted: 0,
      };
    });
    await write('cus_long', rows);
    await database.query('VACUUM ANALYZE entry');
    const from = begun + 10_000 * 10 * second;
    const period = {
      customerId: 'cus_long',
      from: at(from),
      asOf: at(from + 20 * minute),
      asKnownAt: at(from + 30 * day),
    };
    const read = await rowsRead(async (store) => {
      const lines = await store.lines(period, undefined, 50);
      expect(lines).toHaveLength(50);
      await store.ends(period);
      await store.totals(period);
    });
    // Three questions about 120 entries, some of them late, and the entry before each.
    expect(read).toBeLessThan(2_000);
  });

  /** Rows of the journal that were looked at. */
  async function rowsRead(work: (store: StatementStore) => Promise<void>): Promise<number> {
    return database.transaction(async (tx) => {
      const count = async () => {
        const [row] = await tx.query<{ rows: string }>(
          `SELECT sum(seq_tup_read + idx_tup_fetch) AS rows FROM pg_stat_xact_user_tables WHERE relname LIKE 'entry%'`,
        );
        return Number(row?.rows);
      };
      const before = await count();
      await work(new StatementStore(tx as unknown as Database));
      return (await count()) - before;
    });
  }
});
