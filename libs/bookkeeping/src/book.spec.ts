import { InvariantViolation } from '@app/decider';
import { describe, expect, it } from '@jest/globals';
import { Books, hoursAfterNoon, money, noon } from '../test/books.ts';
import {
  charge,
  customerBudget,
  grant,
  hold,
  keyBudget,
  refund,
  release,
  setPlan,
  settle,
  takeOver,
  topUp,
  waitingCharge,
} from '../test/commands.ts';
import { Book, evolve, fold } from './book.ts';
import type { Entry } from './entry.ts';
import { breaksOfRebuild } from './invariants.ts';
import { snapshotOf } from './snapshot.ts';
import { WorkingBook } from './working-book.ts';

/** A book in which everything that can be open is open. */
function aBusyBook(): Books {
  const books = new Books();
  books.post('cus_1', setPlan());
  books.post('cus_1', takeOver('3', '1'));
  books.post('cus_1', topUp('top_1', '100'));
  books.post('cus_1', hold('hold_2', '8', { limits: [keyBudget('50', '2026-10')] }));
  books.post('cus_1', hold('hold_1', '8', { limits: [keyBudget('50'), customerBudget('50')] }));
  books.post('cus_1', refund('ref_2', '20'));
  books.post('cus_1', refund('ref_1', '10'));
  books.post('cus_1', waitingCharge('call_1', '1000'));
  return books;
}

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items.at(index);
  if (item === undefined) throw new Error('no such item');
  return item;
}

describe('Book', () => {
  it('numbers its entries without a gap and stamps them', () => {
    const books = aBusyBook();
    expect(books.entries.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(books.entries[0]).toMatchObject({
      bookId: 'cus_1',
      kind: 'plan-set',
      currency: 'CNY',
      occurredAt: noon,
      recordedAt: hoursAfterNoon(1),
      accountingDate: '2026-11-22',
    });
    expect(books.state('cus_1')).toMatchObject({ version: 8, currency: 'CNY' });
  });

  it('is restored from its snapshot to the same bytes, and goes on alike', () => {
    const books = aBusyBook();
    const restored = Book.restore(books.book('cus_1').snapshot());
    expect(breaksOfRebuild(restored.state, books.state('cus_1'))).toEqual([]);
    expect(restored.snapshot()).toEqual(books.book('cus_1').snapshot());
    const last = books.post('cus_1', settle('hold_1', '9'));
    for (const entry of last) restored.apply(entry);
    expect(restored.snapshot()).toEqual(books.book('cus_1').snapshot());
  });

  it('has a snapshot in a stable order', () => {
    const snapshot = aBusyBook().book('cus_1').snapshot();
    expect(snapshot.holds.map(({ holdId }) => holdId)).toEqual(['hold_1', 'hold_2']);
    expect(snapshot.refunds.map(({ refundId }) => refundId)).toEqual(['ref_1', 'ref_2']);
    expect(snapshot.budgets.map(({ scope, window }) => [scope, window])).toEqual([
      ['customer:month', '2026-11'],
      ['key:key_1:month', '2026-10'],
      ['key:key_1:month', '2026-11'],
    ]);
    const accounts = snapshot.sums.map(({ account }) => account);
    expect(accounts).toEqual([...accounts].sort());
  });

  it('tells what changed, once', () => {
    const books = aBusyBook();
    const book = books.book('cus_1');
    const first = book.takeChanges();
    expect([...first.holds.keys()]).toEqual(['hold_2', 'hold_1']);
    expect([...first.lots.keys()]).toEqual(['top_opening', 'top_1']);
    expect([...first.refunds.keys()]).toEqual(['ref_2', 'ref_1']);
    expect(first.waiting.get('call_1')).toMatchObject({ amount: money('1000') });
    books.post('cus_1', release('hold_1'));
    books.post('cus_1', charge('call_2', '3'));
    const second = book.takeChanges();
    expect([...second.holds]).toEqual([['hold_1', 'released']]);
    expect(second.lots.get('top_opening')).toMatchObject({ remaining: money('1'), used: money('2') });
    expect(second.refunds.size + second.waiting.size).toBe(0);
    const none = book.takeChanges();
    expect(none.holds.size + none.lots.size).toBe(0);
    expect(books.state('cus_1').endedHolds.size).toBe(0);
  });

  it('that is only folded keeps no record of changes', () => {
    const books = aBusyBook();
    books.post('cus_1', release('hold_1'));
    const folded = Book.openToFold('cus_1');
    for (const entry of books.entries) folded.apply(entry);
    expect(folded.takeChanges().lots.size).toBe(0);
    expect(folded.state.endedHolds.size).toBe(0);
    expect(folded.snapshot()).toEqual(books.book('cus_1').snapshot());
  });

  it('takes in only the entry that comes next in its own book', () => {
    const books = aBusyBook();
    const book = Book.open('cus_1');
    expect(() => {
      book.apply(at(books.entries, 1));
    }).toThrow(new InvariantViolation('entries follow each other without a gap'));
    expect(() => {
      Book.open('cus_2').apply(at(books.entries, 0));
    }).toThrow(new InvariantViolation('an entry belongs to its book'));
  });

  it.each([
    ['a hold that is not open', { kind: 'release', memo: { holdId: 'hold_9', amount: 0n, reason: 'x' } }],
    ['an extension of one', { kind: 'extend', memo: { holdId: 'hold_9', by: 0n, expiresAt: noon } }],
    ['a charge that does not wait', { kind: 'charge-collected', memo: { chargeId: 'call_9', lots: [] } }],
    ['an item that is not open', { kind: 'refund-paid', memo: { refundId: 'ref_9', itemId: 'ref_9.1' } }],
    [
      'a lot that is not open',
      { kind: 'charge', memo: { lots: [{ topUpId: 'top_9', amount: 1n }], budgets: [] } },
    ],
    [
      'more than a lot has',
      { kind: 'charge', memo: { lots: [{ topUpId: 'top_1', amount: money('101') }], budgets: [] } },
    ],
  ])('stops at an entry that ends %s', (_, entry) => {
    const books = aBusyBook();
    const impossible = { ...at(books.entries, -1), ...entry, postings: [], version: 9 } as unknown as Entry;
    expect(() => {
      books.book('cus_1').apply(impossible);
    }).toThrow(InvariantViolation);
  });
});

describe('evolve', () => {
  it('leaves the state before as it was', () => {
    const books = aBusyBook();
    const book = new WorkingBook('cus_1');
    let state = fold('cus_1', []);
    for (const entry of books.entries) {
      const before = snapshotOf(state);
      const after = evolve(state, entry);
      expect(snapshotOf(state)).toEqual(before);
      state = after;
    }
    expect(snapshotOf(state)).toEqual(books.book('cus_1').snapshot());
    expect(book.version).toBe(0);
  });

  it('keeps what it knows of ended holds', () => {
    const books = aBusyBook();
    books.post('cus_1', release('hold_1'));
    const copy = WorkingBook.copyOf(books.state('cus_1'));
    expect([...copy.endedHolds]).toEqual([['hold_1', 'released']]);
  });
});

describe('an opening balance', () => {
  it('of granted credit alone opens no lot', () => {
    const books = new Books();
    books.post('cus_1', setPlan());
    books.post('cus_1', takeOver('0', '5'));
    expect(books.wallet('cus_1')).toMatchObject({ paid: '0', granted: '5' });
    expect(books.state('cus_1').lots).toEqual([]);
  });
});

describe('fold', () => {
  it('gives the live book', () => {
    const books = aBusyBook();
    books.post('cus_1', grant('grant_1', '2'));
    expect(snapshotOf(fold('cus_1', books.entries))).toEqual(books.book('cus_1').snapshot());
  });
});
