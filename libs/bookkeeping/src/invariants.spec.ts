import { Units18 } from '@app/money';
import { describe, expect, it } from '@jest/globals';
import { Books, money } from '../test/books.ts';
import { charge, hold, refund, setPlan, suspenseIn, suspenseOut, topUp } from '../test/commands.ts';
import type { AccountId } from './account.ts';
import type { AccountSum } from './book-state.ts';
import type { Entry } from './entry.ts';
import {
  breaksOfBook,
  breaksOfBooks,
  breaksOfEntry,
  breaksOfRebuild,
  breaksOfTotals,
  type Rule,
} from './invariants.ts';
import { WorkingBook } from './working-book.ts';

/** A sound book with 100 paid in, 7 held and 20 on its way back. */
function aBook(): WorkingBook {
  const books = new Books();
  books.post('cus_1', setPlan());
  books.post('cus_1', topUp('top_1', '100'));
  books.post('cus_1', hold('hold_1', '7'));
  books.post('cus_1', refund('ref_1', '20'));
  return WorkingBook.copyOf(books.state('cus_1'));
}

const zero = Units18.zero;
const sums = (debit: string, credit: string): AccountSum => ({ debit: money(debit), credit: money(credit) });

// Each row: the rule, and what breaks it.
const damages: readonly (readonly [Rule, (book: WorkingBook) => void])[] = [
  ['balance-is-sum-of-postings', (book) => (book.granted = money('1'))],
  ['balance-is-sum-of-postings', (book) => book.sums.delete('wallet:cus_1:paid')],
  ['account-is-not-overdrawn', (book) => book.sums.set('refunds:pending', sums('21', '20'))],
  ['account-is-not-overdrawn', (book) => book.sums.set('receivable:shortfall', sums('1', '2'))],
  ['available-is-not-negative', (book) => (book.held = money('81'))],
  [
    'held-is-sum-of-holds',
    (book) => {
      book.holds.clear();
    },
  ],
  [
    'lot-adds-up',
    (book) => book.lots.splice(0, 1, { ...book.lots[0], used: money('1') } as (typeof book.lots)[0]),
  ],
  ['lots-remain-what-is-paid', (book) => book.lots.splice(0)],
  [
    'pending-is-sum-of-open-refunds',
    (book) => {
      book.refunds.clear();
    },
  ],
];

describe('breaksOfBook', () => {
  it('finds none in a sound book', () => {
    expect(breaksOfBook(aBook())).toEqual([]);
    expect(breaksOfBook(new WorkingBook('cus_1'))).toEqual([]);
    expect(breaksOfBook(new WorkingBook('platform:suspense:0'))).toEqual([]);
  });

  it.each(damages)('finds %s', (rule, damage) => {
    const book = aBook();
    damage(book);
    const found = breaksOfBook(book);
    expect(found.map((one) => one.rule)).toContain(rule);
    expect(found.every(({ bookId }) => bookId === 'cus_1')).toBe(true);
  });
});

describe('breaksOfBooks', () => {
  it('finds a trial balance that is not zero', () => {
    const book = aBook();
    book.sums.set('clearing:wechat-pay', sums('99.99', '0'));
    expect(breaksOfBooks([book])).toEqual([
      { rule: 'trial-balance-is-zero', bookId: '*', detail: 'CNY: -10000000000000000e-18' },
    ]);
  });

  it('lets suspense be below zero in one book, and not in all', () => {
    const books = new Books();
    books.post('cus_1', setPlan());
    books.post('cus_1', suspenseOut('sus_1', 'top_1', '500'));
    expect(breaksOfBook(books.state('cus_1'))).toEqual([]);
    expect(breaksOfBooks(books.all())).toEqual([
      { rule: 'account-is-not-overdrawn', bookId: '*', detail: 'suspense:bank' },
    ]);
    books.post('platform:suspense:0', suspenseIn('sus_1', '500'));
    expect(breaksOfBooks(books.all())).toEqual([]);
  });
});

describe('breaksOfTotals', () => {
  it('finds an account outside the chart and a wallet below zero', () => {
    const heads = [{ currency: 'CNY', paid: money('-1'), granted: zero }];
    const totals = [{ account: 'pocket' as AccountId, currency: 'CNY', debit: zero, credit: money('-1') }];
    expect(breaksOfTotals({ heads, totals }).map(({ rule, detail }) => [rule, detail])).toEqual([
      ['trial-balance-is-zero', 'CNY: 2000000000000000000e-18'],
      ['account-is-not-overdrawn', 'pocket is no account'],
      ['account-is-not-overdrawn', 'wallet:*:paid'],
    ]);
  });
});

describe('breaksOfEntry', () => {
  const charged = (): Entry => {
    const books = new Books();
    books.post('cus_1', setPlan());
    books.post('cus_1', topUp('top_1', '1'));
    const [entry] = books.post('cus_1', charge('call_1', '1.3'));
    if (entry === undefined) throw new Error('not charged');
    return entry;
  };

  it('finds none in a charge that tells what it posted, and none in other entries', () => {
    expect(breaksOfEntry(charged())).toEqual([]);
    const books = new Books();
    expect(books.post('cus_1', setPlan()).flatMap(breaksOfEntry)).toEqual([]);
  });

  it.each([
    ['parts that do not add up', { uncollected: money('0.2') }],
    ['another sum than was posted', { charge: money('1.2'), uncollected: money('0.2') }],
    ['lots that paid something else', { lots: [] }],
  ])('finds %s', (_, memo) => {
    const entry = charged();
    const damaged = { ...entry, memo: { ...entry.memo, ...memo } } as Entry;
    expect(breaksOfEntry(damaged)).toEqual([
      { rule: 'charge-is-collected-and-uncollected', bookId: 'cus_1', detail: 'version 3' },
    ]);
  });
});

describe('breaksOfRebuild', () => {
  it('names what differs', () => {
    const live = aBook();
    expect(breaksOfRebuild(aBook(), live)).toEqual([]);
    live.paid = money('81');
    live.plan = null;
    expect(breaksOfRebuild(aBook(), live).map(({ detail }) => detail)).toEqual(['paid', 'plan']);
  });
});
