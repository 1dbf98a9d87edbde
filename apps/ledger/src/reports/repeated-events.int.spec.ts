import { freshDatabase } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ask, ledgerOn, type LedgerForSpecs } from '../../test/ledger-for-specs.ts';
import { RepeatedEventStore } from './repeated-events.store.ts';

let ledger: LedgerForSpecs;

beforeAll(async () => {
  ledger = await ledgerOn(await freshDatabase('repeated-events'));
});
afterAll(() => ledger.close());

describe('an event id under two customers', () => {
  it('is found, with the books that have it; those of one book are not', async () => {
    const books = ['cus_one', 'cus_two', 'cus_three'];
    await ledger.journal.post(books.map((book) => ask.plan(book)));
    await ledger.journal.post(books.map((book) => ask.topUp(book, `top_of_${book}`, '5')));
    await ledger.journal.post([ask.topUp('cus_one', 'top_of_cus_one', '5')]);
    const repeated = new RepeatedEventStore(ledger.database);
    expect(await repeated.find(10)).toEqual([]);
    await ledger.journal.post([ask.charge('cus_one', 'use_x', '1'), ask.charge('cus_two', 'use_x', '1')]);
    expect(await repeated.find(10)).toEqual([{ eventId: 'use_x:rated', bookIds: ['cus_one', 'cus_two'] }]);
  });
});
