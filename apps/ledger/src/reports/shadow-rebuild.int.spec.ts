import { freshDatabase } from '@app/testing';
import type { Tx } from '@app/persistence';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ask, ledgerOn, type LedgerForSpecs } from '../../test/ledger-for-specs.ts';
import { JournalReader } from './journal-reader.store.ts';
import { LiveStore } from './live.store.ts';
import { ShadowRebuildHandler } from './shadow-rebuild.handler.ts';

let ledger: LedgerForSpecs;
let shadow: ShadowRebuildHandler;
const tamper = (sql: string) => ledger.database.query(sql);

/** Counts the rows of ended holds that a look reads. */
class CountingReader extends JournalReader {
  endsRead = 0;

  override inSnapshot<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result> {
    return super.inSnapshot(async (tx) => {
      const result = await work(tx);
      const [read] = await tx.query<{ rows: string }>(
        `SELECT seq_tup_read + idx_tup_fetch AS rows FROM pg_stat_xact_user_tables WHERE relname = 'hold_end'`,
      );
      this.endsRead = Number(read?.rows);
      return result;
    });
  }
}

beforeAll(async () => {
  ledger = await ledgerOn(await freshDatabase('shadow'));
  shadow = new ShadowRebuildHandler(new JournalReader(ledger.database), new LiveStore());
});
afterAll(async () => {
  await ledger.close();
});

it('follows what is written, entry by entry, and says what does not agree until it does', async () => {
  const book = 'cus_shadow';
  expect(await shadow.look()).toEqual([]);
  await ledger.journal.post([
    ask.plan(book),
    ask.topUp(book, 'top_shadow', '10'),
    ask.hold(book, 'hold_shadow', '1'),
  ]);
  expect(await shadow.look()).toEqual([]);
  for (let round = 0; round < 12; round += 1) {
    await ledger.journal.post([ask.charge(book, `use_shadow${String(round)}`, '0.1')]);
    expect(await shadow.look()).toEqual([]);
  }
  await tamper(`UPDATE lot SET used = used + 1, remaining = remaining - 1 WHERE book_id = '${book}'`);
  const [difference] = await shadow.look();
  expect(difference).toContain(`${book}: live has "lot top_shadow`);
  await tamper(`UPDATE lot SET used = used - 1, remaining = remaining + 1 WHERE book_id = '${book}'`);
  expect(await shadow.look()).toEqual([]);
});

it('says which hold did not end as it is stored, and looks at those alone that its entries ended', async () => {
  const book = 'cus_ended';
  const reader = new CountingReader(ledger.database);
  const later = new ShadowRebuildHandler(reader, new LiveStore());
  await ledger.journal.post([ask.plan(book), ask.topUp(book, 'top_ended', '10')]);
  await tamper(
    `INSERT INTO hold_end SELECT '${book}', 'hold_old' || n, 'settled' FROM generate_series(1, 20000) n`,
  );
  await ledger.journal.post([ask.hold(book, 'hold_ended', '1'), ask.release(book, 'hold_ended')]);
  expect(await later.look()).toEqual([]);
  expect(reader.endsRead).toBeGreaterThan(0);
  expect(reader.endsRead).toBeLessThan(100);
  await ledger.journal.post([ask.hold(book, 'hold_other', '1'), ask.release(book, 'hold_other')]);
  await tamper(`UPDATE hold_end SET outcome = 'expired' WHERE hold_id = 'hold_other'`);
  const told = `${book}: holds hold_other released by the journal, and live expired`;
  expect(await later.look()).toEqual([told]);
  expect(await later.look()).toEqual([told]);
  await tamper(`UPDATE hold_end SET outcome = 'released' WHERE hold_id = 'hold_other'`);
  expect(await later.look()).toEqual([]);
});

it('comes to every book in turn, also to one that nobody touches', async () => {
  const books = Array.from({ length: 50 }, (_, index) => `cus_turn${String(index).padStart(3, '0')}`);
  await ledger.journal.post(books.flatMap((book) => [ask.plan(book), ask.topUp(book, `top_${book}`, '1')]));
  await tamper(`UPDATE lot SET sent = 1 WHERE book_id = 'cus_turn044'`);
  const later = new ShadowRebuildHandler(new JournalReader(ledger.database), new LiveStore());
  const found: string[] = [];
  for (let look = 0; look < 4 && found.length === 0; look += 1) found.push(...(await later.look()));
  expect(found).toEqual([expect.stringContaining('cus_turn044')]);
});
