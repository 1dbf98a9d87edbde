import { Database } from '@app/persistence';
import { freshDatabase } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ask, ledgerOn, type LedgerForSpecs } from '../../test/ledger-for-specs.ts';
import { sealsOn, travellingClock } from '../../test/seals-for-specs.ts';
import { DailyMovementStore } from './daily-movement.store.ts';
import { SumDaysHandler } from './sum-days.handler.ts';
import { TrialBalanceStore } from './trial-balance.store.ts';

let ledger: LedgerForSpecs;
let clockDatabase: Database;
let service: Database;
let seals: Awaited<ReturnType<typeof sealsOn>>;
let sums: SumDaysHandler;

const post = async (...requests: Parameters<LedgerForSpecs['journal']['post']>[0]) => {
  const outcomes = await ledger.journal.post(requests);
  expect(outcomes.map(({ kind }) => kind)).toEqual(requests.map(() => 'recorded'));
};

/** The words of `ask`, on a day of its own choice. */
const occurredAt = (request: ReturnType<typeof ask.charge>, instant: string) => ({
  ...request,
  command: {
    ...request.command,
    occurredAt: (Date.parse(instant) * 1_000) as typeof request.command.occurredAt,
  },
});

const days = ['2030-05-01', '2030-05-02', '2030-05-03', '2030-05-04', '2030-05-05'];

/** Two customers on five days, one of them quiet and the last one not over, with entries that count for days before theirs. */
beforeAll(async () => {
  const url = await freshDatabase('earlier_trial_balance');
  clockDatabase = new Database({ url, applicationName: 'spec clock' });
  const clock = await travellingClock(clockDatabase, new URL(url).pathname.slice(1));
  ledger = await ledgerOn(url);
  service = new Database({ url: ledger.serviceUrl, applicationName: 'spec service' });
  seals = await sealsOn(service);
  sums = new SumDaysHandler(new DailyMovementStore(service));
  await clock.set('2030-05-01T01:59:00Z');
  await post(ask.plan('cus_a'), ask.plan('cus_b'));
  for (const [at, day] of days.entries()) {
    await clock.set(`${day}T02:00:00Z`);
    await seals.sealDays.handle();
    if (at === 2) continue;
    const [paid, used] = [`top_${String(at)}`, `use_${String(at)}`];
    await post(
      occurredAt(ask.topUp('cus_a', paid, '100'), `${day}T01:00:00Z`),
      occurredAt(ask.charge('cus_a', used, '2.000000000000000001'), '2030-05-01T01:30:00Z'),
    );
    await clock.set(`${day}T03:00:00Z`);
    await post(
      occurredAt(ask.topUp('cus_b', `${paid}b`, '7.5'), `${day}T02:30:00Z`),
      // More than what is paid: granted, paid and uncollected, three postings.
      occurredAt(ask.grant('cus_b', `grant_${String(at)}`, '1'), `${day}T02:31:00Z`),
      occurredAt(ask.hold('cus_b', `hold_${String(at)}`, '1'), `${day}T02:32:00Z`),
      occurredAt(ask.settle('cus_b', `hold_${String(at)}`, '20'), `${day}T02:33:00Z`),
    );
  }
}, 60_000);

afterAll(async () => {
  await service.close();
  await ledger.close();
  await clockDatabase.close();
});

/** The figures by another road: every posting of the journal, added up. */
async function fromPostings(asOf: string, asKnownAt: string) {
  const rows = await ledger.database.query<{
    account: string;
    currency: string;
    debit: string;
    credit: string;
  }>(
    `SELECT account, currency, trim_scale(greatest(sum(amount), 0))::text AS debit, trim_scale(greatest(-sum(amount), 0))::text AS credit
       FROM (SELECT replace(debit, book_id, '*') AS account, currency, amount, accounting_date, recorded_at FROM posting
             UNION ALL SELECT replace(credit, book_id, '*'), currency, -amount, accounting_date, recorded_at FROM posting) sides
      WHERE ($1 = '' OR accounting_date <= nullif($1, '')::date) AND ($2 = '' OR recorded_at <= nullif($2, '')::timestamptz)
      GROUP BY account, currency ORDER BY currency, account`,
    [asOf, asKnownAt],
  );
  return rows;
}

async function linesOf(store: TrialBalanceStore, asOf: string, asKnownAt: string) {
  const { lines, totals } = await store.readAt(asOf, asKnownAt);
  const shown = lines.map(({ account, currency, debit, credit }) => ({ account, currency, debit, credit }));
  return { lines: shown, totals };
}

const asOfs = ['', ...days, '2030-04-30'];
const knownAts = [
  ...[
    '',
    '2030-04-30T00:00:00Z',
    '2030-05-01T02:00:00Z',
    '2030-05-01T15:59:59.999999Z',
    '2030-05-01T16:00:00Z',
  ],
  ...['2030-05-02T02:30:00Z', '2030-05-03T09:00:00Z', '2030-05-04T02:30:00Z', '2030-05-05T02:30:00Z'],
  '2030-05-06T00:00:00Z',
];

async function expectEveryQuestionAnswered(): Promise<void> {
  const store = new TrialBalanceStore(service);
  for (const asOf of asOfs)
    for (const asKnownAt of knownAts) {
      const { lines, totals } = await linesOf(store, asOf, asKnownAt);
      expect({ asOf, asKnownAt, lines }).toEqual({
        asOf,
        asKnownAt,
        lines: await fromPostings(asOf, asKnownAt),
      });
      expect(totals.filter(({ difference }) => difference !== '0')).toEqual([]);
    }
}

describe('the trial balance of an earlier day', () => {
  it('is what the postings come to, before any day is summed', async () => {
    await expectEveryQuestionAnswered();
  });

  it('and is the same once days are summed, of which each is summed once', async () => {
    const both = await Promise.all([sums.handle(), sums.handle()]);
    expect(both[0]).toEqual(days.slice(0, 4));
    expect(await sums.handle()).toEqual([]);
    await expectEveryQuestionAnswered();
    const store = new TrialBalanceStore(service);
    expect(await store.readAt('', '')).toEqual(await store.read());
  });

  it('is watched: that the sums of days do not come to the balances of now is noticed', async () => {
    const store = new TrialBalanceStore(service);
    const change = (by: string) =>
      ledger.database.query(
        `UPDATE daily_movement SET debit = debit + ${by} WHERE (day, account, accounting_date) =
           (SELECT day, account, accounting_date FROM daily_movement ORDER BY day, account, accounting_date LIMIT 1)`,
      );
    expect(await store.doRoadsAgree()).toBe(true);
    await change('1');
    expect(await store.doRoadsAgree()).toBe(false);
    await change('-1');
    expect(await store.doRoadsAgree()).toBe(true);
  });

  it('and is the same after the sums of a day were thrown away, and are made again', async () => {
    await ledger.database.query(`DELETE FROM daily_movement WHERE day = '2030-05-02'`);
    await ledger.database.query(`DELETE FROM summed_day WHERE day = '2030-05-02'`);
    await expectEveryQuestionAnswered();
    expect(await sums.handle()).toEqual(['2030-05-02']);
    await expectEveryQuestionAnswered();
  });

  it('reads the sums of the days before and what was recorded on the day in question, however long the journal is', async () => {
    const entries = 50_000;
    await ledger.database.query(
      `INSERT INTO entry (book_id, version, kind, event_id, fingerprint, currency, paid_after, granted_after, held_after, occurred_at,
                          recorded_at, accounting_date, canonical_version, canonical, previous_hash, hash, position,
                          posting_count, debit_1, credit_1, amount_1)
       SELECT 'cus_long', n, 'top-up', 'long_' || n, '', 'CNY', n, 0, 0, at, at, '2030-04-20', 1, '', '', '', n, 1, debit, credit, 1
         FROM generate_series(1, ${String(entries)}) n, LATERAL (SELECT '2030-04-20T00:00:00Z'::timestamptz + n * interval '1 s' AS at) t,
              (SELECT (SELECT code FROM account WHERE name = 'clearing:wechat-pay') AS debit,
                      (SELECT code FROM account WHERE name = 'wallet:*:paid') AS credit) codes`,
    );
    await ledger.database.query(
      `INSERT INTO book_head (book_id, currency, version, hash, paid, granted, held, recorded_at, state)
       SELECT book_id, currency, version, hash, paid_after, 0, 0, recorded_at, '{}' FROM entry
        WHERE book_id = 'cus_long' AND version = ${String(entries)}`,
    );
    await sealLongAgo(entries);
    const before = [await fromPostings('', ''), await fromPostings('2030-05-01', '2030-05-04T02:30:00Z')];
    const read = await rowsRead(async (store) => {
      const asked = [
        await linesOf(store, '', ''),
        await linesOf(store, '2030-05-01', '2030-05-04T02:30:00Z'),
      ];
      expect(asked.map(({ lines }) => lines)).toEqual(before);
    });
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(100);
  });
});

/** As if those entries had been sealed and summed on their day, long before the others. */
async function sealLongAgo(entries: number): Promise<void> {
  const [day, owner] = ['2030-04-20', new DailyMovementStore(ledger.database)];
  for (const sql of [
    `INSERT INTO day_cut (day, cut) SELECT '${day}', '${day}T16:00:00Z'`,
    `INSERT INTO sealed_head (book_id, day, version, hash) VALUES ('cus_long', '${day}', ${String(entries)}, '')`,
    `INSERT INTO sealed_day SELECT '${day}', '${day}T16:00:00Z', 1, ${String(entries)}, '', '\\x01', 'key', '\\x01', ''`,
  ])
    await ledger.database.query(sql);
  await owner.sum(day);
  await ledger.database.query('VACUUM ANALYZE entry');
}

/** Rows of the journal that were looked at. */
async function rowsRead(work: (store: TrialBalanceStore) => Promise<void>): Promise<number> {
  return service.transaction(async (tx) => {
    const count = async () => {
      const [row] = await tx.query<{ rows: string }>(
        `SELECT sum(seq_tup_read + idx_tup_fetch) AS rows FROM pg_stat_xact_user_tables WHERE relname LIKE 'entry%'`,
      );
      return Number(row?.rows);
    };
    const before = await count();
    await work(new TrialBalanceStore(tx as unknown as Database));
    return (await count()) - before;
  });
}
