import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hold, charge, customerBudget, keyBudget, settle, topUp } from '../test/commands.ts';
import { amounts, bookId, deeds, World } from '../test/world.ts';
import { BookFold } from './book-fold.ts';
import { Book, type BookChanges } from './book.ts';
import { canonicalText } from './canonical.ts';
import type { Entry } from './entry.ts';
import { snapshotOf } from './snapshot.ts';
import { totalsOf } from './trial-balance.ts';

/** Calls one after the other or side by side, as most of a journal is. */
const calls = fc.record({
  way: fc.constantFrom('held', 'side by side', 'without hold'),
  amounts: fc.array(amounts, { minLength: 1, maxLength: 8 }),
  limits: fc.constantFrom([], [keyBudget('60')], [keyBudget('60'), customerBudget('90')]),
});
const histories = fc.array(fc.oneof({ arbitrary: deeds, weight: 1 }, { arbitrary: calls, weight: 2 }), {
  minLength: 10,
  maxLength: 60,
  size: 'max',
});

/** The entries of a history, in their order. */
function entriesOf(
  history: typeof histories extends fc.Arbitrary<infer Value> ? Value : never,
): readonly Entry[] {
  const world = new World();
  history.forEach((step, at) => {
    if ('deed' in step) {
      world.do(step);
      return;
    }
    world.deliver({ ...topUp(`top_${at.toString()}`, '40'), eventId: `top_${at.toString()}:settled` });
    const asks = step.amounts.map((amount, index) => ({
      id: `${at.toString()}_${index.toString()}`,
      amount,
    }));
    if (step.way === 'without hold')
      for (const { id, amount } of asks)
        world.deliver({ ...charge(`own_${id}`, amount), eventId: `own_${id}:rated` });
    const place = (id: string) =>
      world.deliver({ ...hold(`h_${id}`, '0.5', { limits: step.limits }), eventId: `h_${id}` });
    const end = (id: string, amount: string) =>
      world.deliver({ ...settle(`h_${id}`, amount), eventId: `h_${id}:rated` });
    if (step.way === 'held')
      for (const { id, amount } of asks) {
        place(id);
        end(id, amount);
      }
    if (step.way !== 'side by side') return;
    for (const { id } of asks) place(id);
    for (const { id, amount } of asks.slice(1)) end(id, amount);
  });
  return world.books.entries;
}

/** What the fold that decodes every entry comes to. */
function wholly(entries: readonly Entry[]) {
  const book = Book.open(bookId);
  for (const entry of entries) book.apply(entry);
  return {
    book: snapshotOf(book.state),
    ...outcomesOf(book.takeChanges()),
    totals: totalsOf(entries).map(textOf).sort(),
  };
}

function outcomesOf({ lots, refunds, holds }: BookChanges) {
  const ends = [...holds.values()].filter((end) => typeof end === 'string');
  return { lots: new Map(lots), refunds: new Map(refunds), ends: [...ends].sort() };
}

const textOf = (row: {
  account: string;
  currency: string;
  accountingDate: string;
  debit: bigint;
  credit: bigint;
}) => `${row.account} ${row.currency} ${row.accountingDate} ${row.debit.toString()} ${row.credit.toString()}`;

/** What the fold of canonical texts comes to, given in parts of so many entries; and how often something was posted. */
function fromTexts(entries: readonly Entry[], atOnce: number) {
  const postings: Entry['postings'][number][] = [];
  const dates = new Set<string>();
  const fold = new BookFold(bookId, (posting, _currency, date) => {
    postings.push(posting);
    dates.add(date);
  });
  for (let at = 0; at < entries.length; at += atOnce) {
    const texts = entries.slice(at, at + atOnce).map(canonicalText);
    const text = texts.join('');
    let from = 0;
    for (const { length } of texts) {
      fold.take(text, from, from + length);
      from += length;
    }
  }
  const book = snapshotOf(fold.state());
  const ends = [...fold.ends].flatMap(([end, count]) => Array.from({ length: count }, () => end));
  const all = { ...entries[0], postings, accountingDate: [...dates].join() } as unknown as Entry;
  const totals = totalsOf([all]).map(textOf);
  return {
    outcome: { book, lots: fold.lots, refunds: fold.refunds, ends: ends.sort(), totals: totals.sort() },
    posted: postings.length,
  };
}

describe('the fold of canonical texts', () => {
  it('comes to what the fold of entries comes to, after any history', () => {
    let [posted, postings] = [0, 0];
    fc.assert(
      fc.property(histories, fc.constantFrom(1, 7, 1_000), (history, atOnce) => {
        const entries = entriesOf(history);
        const found = fromTexts(entries, atOnce);
        expect(found.outcome).toEqual(wholly(entries));
        posted += found.posted;
        postings += entries.flatMap((entry) => entry.postings).length;
      }),
      { numRuns: 150 },
    );
    // What is added up is posted once: otherwise this would be a test of the decoding path alone.
    expect(posted).toBeLessThan(postings * 0.9);
  });
});
