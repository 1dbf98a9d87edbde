import { freshDatabase } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ask, ledgerOn, type LedgerForSpecs } from '../../test/ledger-for-specs.ts';

let ledger: LedgerForSpecs;

beforeAll(async () => {
  ledger = await ledgerOn(await freshDatabase('writer'));
});
afterAll(async () => {
  await ledger.close();
});

describe('a writer', () => {
  it('fails the one request that meets a taken key at every attempt, and records its neighbours', async () => {
    const [poisoned, neighbour] = ['cus_poisoned', 'cus_neighbour'];
    await ledger.journal.post([ask.plan(poisoned), ask.plan(neighbour)]);
    await ledger.database.query(
      `CREATE FUNCTION taken() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'the key is taken' USING ERRCODE = 'unique_violation'; END $$`,
    );
    await ledger.database.query(
      `CREATE TRIGGER taken BEFORE INSERT ON lot FOR EACH ROW WHEN (NEW.top_up_id = 'top_poison')
       EXECUTE FUNCTION taken()`,
    );
    const outcomes = await ledger.journal.post([
      ask.topUp(neighbour, 'top_before', '1'),
      ask.topUp(poisoned, 'top_poison', '1'),
      ask.topUp(neighbour, 'top_after', '1'),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['recorded', 'failed', 'recorded']);
  });

  it('decides in the order in which it is asked, also where batches overlap and another writer moves the book', async () => {
    const book = 'cus_ordered';
    const overlapping = ledger.another({ most: 3, early: 1 });
    await ledger.journal.post([ask.plan(book)]);
    const pairs = 60;
    // A hold fits only after the top-up just before it: asked in any other order, it would be refused.
    const asked = Array.from({ length: pairs }, (_, pair) => [
      overlapping.post([ask.topUp(book, `top_${String(pair)}`, '1')]),
      overlapping.post([ask.hold(book, `hold_${String(pair)}`, '1')]),
    ]).flat();
    const others = (async () => {
      for (let other = 0; other < 20; other += 1)
        await ledger.journal.post([ask.grant(book, `grant_${String(other)}`, '0.000001')]);
    })();
    const kinds = (await Promise.all(asked)).flat().map(({ kind }) => kind);
    await others;
    expect(new Set(kinds)).toEqual(new Set(['recorded']));
    const [head] = await ledger.database.query<{ paid: string; held: string }>(
      'SELECT trim_scale(paid)::text AS paid, trim_scale(held)::text AS held FROM book_head WHERE book_id = $1',
      [book],
    );
    expect(head).toEqual({ paid: String(pairs), held: String(pairs) });
  }, 60_000);
});
