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
});
