import { freshDatabase } from '@app/testing';
import { Database, messagingMigration, migrate } from '@app/persistence';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { ask, ledgerOn, type LedgerForSpecs } from '../../test/ledger-for-specs.ts';
import { sealsOn } from '../../test/seals-for-specs.ts';
import { BalanceStore } from '../balances/balance.store.ts';
import { ledgerMigrations } from '../migrations.ts';
import { AccountTotalStore } from './account-total.store.ts';
import { InvariantStore } from './invariants.store.ts';
import { JournalReader } from './journal-reader.store.ts';
import { LiveStore } from './live.store.ts';
import { RebuildHandler } from './rebuild.handler.ts';
import { TrialBalanceStore } from './trial-balance.store.ts';
import { VerifyHandler } from './verify.handler.ts';

let ledger: LedgerForSpecs;
let verify: VerifyHandler;
let rebuild: RebuildHandler;
let url: string;
let book: string;

const history = (bookId: string) => [
  ask.plan(bookId),
  ask.topUp(bookId, `top_${bookId}`, '50'),
  ask.grant(bookId, `grant_${bookId}`, '0.01'),
  ask.hold(bookId, `hold_${bookId}`, '1'),
  ask.settle(bookId, `hold_${bookId}`, '0.0195'),
  ask.hold(bookId, `hold_${bookId}_open`, '0.5'),
  ask.charge(bookId, `use_${bookId}`, '60'),
];

beforeAll(async () => {
  url = await freshDatabase('audit');
  ledger = await ledgerOn(url);
  const reader = new JournalReader(ledger.database);
  verify = new VerifyHandler(reader, new LiveStore(), (await sealsOn(ledger.database)).examine);
  rebuild = new RebuildHandler(ledger.database);
});
afterAll(async () => {
  await ledger.close();
});
beforeEach(async () => {
  book = `cus_${randomUUID().slice(0, 8)}`;
  await ledger.journal.post(history(book));
});

/** Changes rows as somebody would who has every right and wants to leave no trace. */
async function tamper(sql: string): Promise<void> {
  await ledger.database.transaction(async (tx) => {
    await tx.query(`SET LOCAL session_replication_role = replica`);
    await tx.query(sql);
  });
}

/** Tampers, looks, and tampers back. */
async function whileTampered<Found>(sql: string, undo: string, look: () => Promise<Found>): Promise<Found> {
  await tamper(sql);
  const found = await look();
  await tamper(undo);
  return found;
}

describe('the journal is only added to', () => {
  const changes = [
    `UPDATE entry SET amount_1 = 1`,
    `DELETE FROM entry`,
    `TRUNCATE entry`,
    `UPDATE entry_p0 SET kind = 'x' WHERE false`,
    `DELETE FROM entry_p3`,
    `TRUNCATE entry_p7`,
    `TRUNCATE entry CASCADE`,
    `UPDATE entry_posting SET amount = 1`,
    `DELETE FROM entry_posting_p1`,
    `TRUNCATE entry_posting`,
    `UPDATE account SET name = 'x'`,
    `DELETE FROM account`,
  ];

  it.each(changes)('by its owner too: %s is refused', async (sql) => {
    await expect(ledger.database.query(sql)).rejects.toMatchObject({ code: 'HL001' });
  });

  it('and the service’s own role has not even the right', async () => {
    const role = `spec_app_${randomUUID().slice(0, 8)}`;
    const owner = await freshDatabase('audit-roles');
    const admin = new Database({ url: owner, applicationName: 'spec' });
    await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'spec'`);
    const appUrl = new URL(owner);
    [appUrl.username, appUrl.password] = [role, 'spec'];
    await migrate({
      url: appUrl.href,
      migrationUrl: owner,
      migrations: [messagingMigration, ...ledgerMigrations],
      applicationName: 'spec',
    });
    const app = new pg.Client({ connectionString: appUrl.href });
    await app.connect();
    for (const sql of changes) await expect(app.query(sql)).rejects.toMatchObject({ code: '42501' });
    await expect(app.query('ALTER TABLE entry DISABLE TRIGGER ALL')).rejects.toMatchObject({ code: '42501' });
    await app.query('SELECT count(*) FROM entry, entry_posting, account, book_head, posting');
    await app.end();
    await admin.query(`DROP OWNED BY ${role}`);
    await admin.query(`DROP ROLE ${role}`);
    await admin.close();
  });
});

describe('verify', () => {
  it('finds nothing wrong with what was written', async () => {
    expect(await verify.handle({ bookId: book })).toMatchObject({ verified: true, books: '1', entries: '7' });
    expect(await verify.handle({})).toMatchObject({ verified: true, firstDifference: '' });
  });

  it.each([
    ['one digit of an amount', `amount_1 = 0.0105`, `amount_1 = 0.01`, 5, 'postings'],
    [
      'one digit of a balance',
      `paid_after = paid_after + 1`,
      `paid_after = paid_after - 1`,
      2,
      'the balance after it',
    ],
    ['an account', `credit_1 = debit_1 + 1000`, null, 2, 'postings'],
    [
      'a date',
      `accounting_date = accounting_date - 1`,
      `accounting_date = accounting_date + 1`,
      4,
      'accountingDate',
    ],
    ['a fingerprint', `fingerprint = sha256(fingerprint)`, null, 3, 'fingerprint'],
    ['a byte that was hashed', `canonical = set_byte(canonical, 40, 65)`, null, 3, 'the hash'],
    ['a hash', `hash = sha256(hash)`, null, 6, 'the hash'],
  ])('names the entry where %s was changed', async (_what, set, unset, version, word) => {
    const where = `WHERE book_id = '${book}' AND version = ${version}`;
    await ledger.database.query(`CREATE TABLE kept AS SELECT * FROM entry ${where}`);
    const undo =
      unset === null
        ? `DELETE FROM entry ${where}; INSERT INTO entry SELECT * FROM kept`
        : `UPDATE entry SET ${unset} ${where}`;
    const report = await whileTampered(`UPDATE entry SET ${set} ${where}`, undo, () => verify.handle({}));
    await ledger.database.query(`DROP TABLE kept`);
    expect(report.verified).toBe(false);
    expect(report.firstDifference).toContain(`${book}/${version}`);
    expect(report.firstDifference).toContain(word);
    expect(await verify.handle({})).toMatchObject({ verified: true });
  });

  it('notices a missing entry, a cut tail and a missing book', async () => {
    const without = async (where: string) => {
      await ledger.database.query(
        `CREATE TABLE kept AS SELECT * FROM entry WHERE book_id = '${book}' AND ${where}`,
      );
      const report = await whileTampered(
        `DELETE FROM entry WHERE book_id = '${book}' AND ${where}`,
        `INSERT INTO entry SELECT * FROM kept`,
        () => verify.handle({}),
      );
      await ledger.database.query(`DROP TABLE kept`);
      return report.firstDifference;
    };
    expect(await without('version = 4')).toBe(`${book}/5: entry 4 is missing`);
    expect(await without('version > 5')).toContain('the entries end at 5');
    expect(await without('true')).toContain('have a head and no entries');
  });
});

describe('rebuild', () => {
  it('comes to the live figures', async () => {
    const report = await rebuild.handle();
    expect(report).toMatchObject({ agrees: true, chainVerified: true, firstDifference: '' });
    expect(Number(report.entries)).toBeGreaterThanOrEqual(7);
  });

  it.each([
    ['a balance', 'book_head SET paid = paid + 1', 'book_head SET paid = paid - 1', /paid/],
    ['a plan', `book_head SET state = '{}'`, null, /state/],
    [
      'a lot',
      'lot SET refunded = refunded + 1, remaining = remaining - 1',
      'lot SET refunded = refunded - 1, remaining = remaining + 1',
      /lot/,
    ],
    ['a hold', 'hold SET amount = amount + 1', 'hold SET amount = amount - 1', /holds/],
    ['how a hold ended', `hold_end SET outcome = 'expired'`, `hold_end SET outcome = 'settled'`, /holds/],
    [
      'a waiting charge',
      'waiting_charge SET amount = amount + 1',
      'waiting_charge SET amount = amount - 1',
      /waiting/,
    ],
  ])(
    'says where %s of the live figures is not what follows from the journal',
    async (_what, change, unchange, word) => {
      const where = `WHERE book_id = '${book}'`;
      const [head] = await ledger.database.query<{ state: string }>(`SELECT state FROM book_head ${where}`);
      const undo = unchange ?? `book_head SET state = '${head?.state ?? ''}'`;
      const report = await whileTampered(`UPDATE ${change} ${where}`, `UPDATE ${undo} ${where}`, () =>
        rebuild.handle(),
      );
      expect(report).toMatchObject({ agrees: false, chainVerified: true });
      expect(report.firstDifference).toContain(book);
      expect(report.firstDifference).toMatch(word);
      expect(await rebuild.handle()).toMatchObject({ agrees: true });
    },
  );

  it.each([
    [
      'a byte that was hashed',
      'canonical = set_byte(canonical, 40, 65)',
      'version = 3',
      /3: the hash is not/,
    ],
    ['a hash', 'hash = sha256(hash)', 'version = 6', /6: the hash is not/],
    ['an entry that is missing', undefined, 'version = 4', /4: the hash is not/],
    ['a tail that was cut off', undefined, 'version > 5', /live has/],
    ['a book of which nothing is left', undefined, 'true', /1 books have a head and no entries/],
  ])('names %s', async (_what, set, which, words) => {
    const where = `WHERE book_id = '${book}' AND ${which}`;
    await ledger.database.query(`CREATE TABLE kept AS SELECT * FROM entry ${where}`);
    const report = await whileTampered(
      set === undefined ? `DELETE FROM entry ${where}` : `UPDATE entry SET ${set} ${where}`,
      `DELETE FROM entry ${where}; INSERT INTO entry SELECT * FROM kept`,
      () => rebuild.handle(),
    );
    await ledger.database.query(`DROP TABLE kept`);
    expect(report.agrees).toBe(false);
    expect(report.firstDifference).toMatch(words);
    expect(await rebuild.handle()).toMatchObject({ agrees: true });
  });

  it('says that entries are in no book that has a head', async () => {
    await ledger.database.query(`CREATE TABLE kept AS SELECT * FROM book_head WHERE book_id = '${book}'`);
    const report = await whileTampered(
      `DELETE FROM book_head WHERE book_id = '${book}'`,
      `INSERT INTO book_head SELECT * FROM kept`,
      () => rebuild.handle(),
    );
    await ledger.database.query(`DROP TABLE kept`);
    expect(report.firstDifference).toContain(book);
  });

  it('says where a total of the platform is not what follows from the journal', async () => {
    const report = await whileTampered(
      `INSERT INTO account_total SELECT account, currency, accounting_date, 0, 12345 FROM account_total LIMIT 1`,
      `DELETE FROM account_total WHERE credit = 12345`,
      () => rebuild.handle(),
    );
    expect(report.firstDifference).toContain('total');
  });
});

describe('the invariants', () => {
  it('hold in what is stored, and are seen to be broken', async () => {
    const invariants = new InvariantStore(ledger.database);
    const none = {
      trial_balance: '0',
      negative_available: '0',
      held: '0',
      lots: '0',
      paid: '0',
      pending_refunds: '0',
    };
    expect(await invariants.brokenRules()).toEqual(none);
    const where = `WHERE book_id = '${book}'`;
    const broken = await whileTampered(
      `UPDATE book_head SET paid = paid + 1, held = held + 1 ${where}`,
      `UPDATE book_head SET paid = paid - 1, held = held - 1 ${where}`,
      () => invariants.brokenRules(),
    );
    expect(broken).toEqual({ ...none, trial_balance: '1', held: '1', paid: '1' });
  });
});

describe('the totals of the platform', () => {
  it('are put together without a change of any figure', async () => {
    const customer = `${book}_totals`;
    await ledger.journal.post([ask.plan(customer), ask.topUp(customer, `top_${customer}`, '10')]);
    for (let n = 0; n < 70; n += 1)
      await ledger.journal.post([ask.charge(customer, `use_${customer}_${n}`, '0.01')]);
    const figures = () => new TrialBalanceStore(ledger.database).read();
    const rows = async () => (await ledger.database.query('SELECT 1 FROM account_total')).length;
    const [before, crowded] = [await figures(), await rows()];
    await Promise.all([1, 2].map(() => new AccountTotalStore(ledger.database).compact()));
    expect(await figures()).toEqual(before);
    expect(await rows()).toBeLessThan(crowded - 60);
    expect(await rebuild.handle()).toMatchObject({ agrees: true });
  });
});

describe('a balance', () => {
  it('that nobody touched for ten years is still there', async () => {
    const customer = `${book}_old`;
    const [plan, topUp] = [ask.plan(customer), ask.topUp(customer, `top_${customer}`, '12.345678')];
    await ledger.journal.post([plan, topUp]);
    await tamper(
      `UPDATE book_head SET recorded_at = recorded_at - interval '10 years' WHERE book_id = '${customer}'`,
    );
    const other = ledger.another();
    const [outcome] = await other.post([ask.hold(customer, `hold_${customer}`, '12.345678')]);
    expect(outcome?.kind).toBe('recorded');
    const [balance] = await new BalanceStore(ledger.database).now([customer]);
    expect(balance).toMatchObject({ paid: '12.345678', held: '12.345678', available: '0' });
  });
});
