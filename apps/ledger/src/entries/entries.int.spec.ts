import { eventually, freshDatabase } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ask, ledgerOn, type LedgerForSpecs } from '../../test/ledger-for-specs.ts';
import { type EntryFilter, type EntryPage, EntryStore } from './entry.store.ts';

const book = 'cus_filtered';
const charges = 50;
const anyEntry: EntryFilter = {
  kind: '',
  account: '',
  eventId: '',
  occurredFrom: '',
  occurredTo: '',
  recordedFrom: '',
  recordedTo: '',
};

let ledger: LedgerForSpecs;
let entries: EntryStore;

beforeAll(async () => {
  ledger = await ledgerOn(await freshDatabase('entries'));
  entries = new EntryStore(ledger.database);
  await ledger.journal.post([
    ask.plan(book),
    ask.topUp(book, 'top_first', '100'),
    ...Array.from({ length: charges }, (_, n) => ask.charge(book, `use_filtered${n}`, '0.01')),
    ask.topUp(book, 'top_last', '100'),
  ]);
  await ledger.journal.post(
    Array.from({ length: charges }, (_, n) => ask.charge(book, `use_later${n}`, '0.01')),
  );
});
afterAll(async () => {
  await ledger.close();
});

/** Goes through all pages of at most five entries, looking at ten entries for each. */
async function paged(read: (cursor: string) => Promise<EntryPage>) {
  const found: string[] = [];
  let pages = 0;
  for (let cursor = ''; pages === 0 || cursor !== ''; pages += 1) {
    const page = await read(cursor);
    found.push(...page.entries.map(({ eventId }) => eventId));
    cursor = page.nextCursor;
  }
  return { found, pages };
}

describe('a filter', () => {
  const asked = { limit: 5, lookAtMax: 10, filter: { ...anyEntry, kind: 'top-up' } };
  const both = [expect.stringContaining('top_first'), expect.stringContaining('top_last')];

  it('looks at so many entries of a book for a page and no more, and finds all of them by and by', async () => {
    const { found, pages } = await paged((cursor) => entries.ofBook(book, Number(cursor || '0'), asked));
    expect(found).toEqual(both);
    expect(pages).toBe(Math.ceil((charges * 2 + 3) / asked.lookAtMax));
  });

  it('does so in the journal of all books', async () => {
    // What lies above the oldest transaction of the server is not shown yet, and other specs run on it too.
    const place = (cursor: string) => {
      const [xid = '0', position = '0'] = (cursor || '0.0').split('.');
      return { xid, position };
    };
    const all = () => paged((cursor) => entries.ofJournal(place(cursor), asked));
    const { found, pages } = await eventually(all, (seen) => seen.pages > charges / 5);
    expect(found).toEqual(both);
    expect(pages).toBe(Math.ceil((charges * 2 + 3) / asked.lookAtMax));
  });

  it('that nothing matches ends at the end', async () => {
    const nothing = { ...asked, filter: { ...anyEntry, kind: 'correction' } };
    const { found } = await paged((cursor) => entries.ofBook(book, Number(cursor || '0'), nothing));
    expect(found).toEqual([]);
  });
});
