import { freshDatabase } from '@app/testing';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ask, ledgerOn, type LedgerForSpecs } from '../../test/ledger-for-specs.ts';
import { JournalReader } from './journal-reader.store.ts';
import { LiveStore } from './live.store.ts';
import { ShadowRebuildHandler } from './shadow-rebuild.handler.ts';

let ledger: LedgerForSpecs;
let shadow: ShadowRebuildHandler;
const tamper = (sql: string) => ledger.database.query(sql);

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

it('comes to every book in turn, also to one that nobody touches', async () => {
  const books = Array.from({ length: 50 }, (_, index) => `cus_turn${String(index).padStart(3, '0')}`);
  await ledger.journal.post(books.flatMap((book) => [ask.plan(book), ask.topUp(book, `top_${book}`, '1')]));
  await tamper(`UPDATE lot SET sent = 1 WHERE book_id = 'cus_turn044'`);
  const later = new ShadowRebuildHandler(new JournalReader(ledger.database), new LiveStore());
  const found: string[] = [];
  for (let look = 0; look < 4 && found.length === 0; look += 1) found.push(...(await later.look()));
  expect(found).toEqual([expect.stringContaining('cus_turn044')]);
});
