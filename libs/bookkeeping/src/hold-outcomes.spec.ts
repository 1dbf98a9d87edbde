import { describe, expect, it } from '@jest/globals';
import { type Asked, Books, hoursAfterNoon, money } from '../test/books.ts';
import {
  charge,
  customerBudget,
  expire,
  extend,
  hold,
  keyBudget,
  release,
  setPlan,
  settle,
  topUp,
} from '../test/commands.ts';
import type { HoldEnd } from './book-state.ts';
import { Instant } from './instant.ts';

type HoldStatus = 'open' | HoldEnd;

/** A wallet of 10 with one hold of 4, `hold_1`, in the status given. */
function aWalletWithHold(status: HoldStatus): Books {
  const books = new Books();
  books.post('cus_1', setPlan());
  books.post('cus_1', topUp('top_1', '10'));
  if (status === 'never-seen') return books;
  books.post('cus_1', hold('hold_1', '4'));
  if (status === 'settled') books.post('cus_1', settle('hold_1', '1'));
  if (status === 'released') books.post('cus_1', release('hold_1'));
  if (status === 'expired') books.post('cus_1', expire('hold_1'));
  return books;
}

function outcomeOf(books: Books, asked: Asked): string {
  const decision = books.decide('cus_1', asked);
  if (!decision.accepted) return `refused: ${decision.refusal.code}`;
  if (decision.events.length === 0) return 'nothing to do';
  return books
    .post('cus_1', asked)
    .map(({ kind }) => kind)
    .join(', ');
}

const toldEnd = (status: HoldStatus): HoldEnd => (status === 'open' ? 'never-seen' : status);

// Each row: how the hold stands, what is asked, the outcome, what is available afterwards, and what is held.
const rows: readonly (readonly [HoldStatus, string, (ended: HoldEnd) => Asked, string, string, string])[] = [
  ['never-seen', 'placed', (ended) => hold('hold_1', '4', { ended }), 'hold', '6', '4'],
  ['never-seen', 'placed for nothing', (ended) => hold('hold_1', '0', { ended }), 'hold', '10', '0'],
  ['never-seen', 'placed for all', (ended) => hold('hold_1', '10', { ended }), 'hold', '0', '10'],
  [
    'never-seen',
    'placed for more than all',
    (ended) => hold('hold_1', '10.000000000000000001', { ended }),
    'refused: insufficient-funds',
    '10',
    '0',
  ],
  ['never-seen', 'extended', (ended) => extend('hold_1', '1', ended), 'refused: unknown-hold', '10', '0'],
  ['never-seen', 'settled', (ended) => settle('hold_1', '1', ended), 'charge', '9', '0'],
  [
    'never-seen',
    'settled beyond the wallet',
    (ended) => settle('hold_1', '11', ended),
    'charge-waiting',
    '10',
    '0',
  ],
  ['never-seen', 'released', (ended) => release('hold_1', ended), 'refused: unknown-hold', '10', '0'],
  ['never-seen', 'expired', (ended) => expire('hold_1', ended), 'refused: unknown-hold', '10', '0'],

  ['open', 'placed again', (ended) => hold('hold_1', '4', { ended }), 'refused: hold-exists', '6', '4'],
  [
    'open',
    'placed again for more',
    (ended) => hold('hold_1', '5', { ended }),
    'refused: hold-exists',
    '6',
    '4',
  ],
  ['open', 'extended', (ended) => extend('hold_1', '2', ended), 'extend', '4', '6'],
  ['open', 'extended to all', (ended) => extend('hold_1', '6', ended), 'extend', '0', '10'],
  [
    'open',
    'extended beyond the wallet',
    (ended) => extend('hold_1', '7', ended),
    'refused: insufficient-funds',
    '6',
    '4',
  ],
  ['open', 'settled in part', (ended) => settle('hold_1', '1', ended), 'settle', '9', '0'],
  ['open', 'settled in full', (ended) => settle('hold_1', '4', ended), 'settle', '6', '0'],
  ['open', 'settled in excess', (ended) => settle('hold_1', '7', ended), 'settle', '3', '0'],
  ['open', 'settled beyond the wallet', (ended) => settle('hold_1', '11', ended), 'settle', '0', '0'],
  ['open', 'settled for nothing', (ended) => settle('hold_1', '0', ended), 'settle', '10', '0'],
  ['open', 'released', (ended) => release('hold_1', ended), 'release', '10', '0'],
  ['open', 'expired', (ended) => expire('hold_1', ended), 'expire', '10', '0'],

  ['settled', 'placed again', (ended) => hold('hold_1', '4', { ended }), 'refused: hold-settled', '9', '0'],
  ['settled', 'extended', (ended) => extend('hold_1', '1', ended), 'refused: hold-settled', '9', '0'],
  ['settled', 'settled again', (ended) => settle('hold_1', '1', ended), 'refused: hold-settled', '9', '0'],
  ['settled', 'released', (ended) => release('hold_1', ended), 'refused: hold-settled', '9', '0'],
  ['settled', 'expired', (ended) => expire('hold_1', ended), 'nothing to do', '9', '0'],

  [
    'released',
    'placed again',
    (ended) => hold('hold_1', '4', { ended }),
    'refused: hold-released',
    '10',
    '0',
  ],
  ['released', 'extended', (ended) => extend('hold_1', '1', ended), 'refused: hold-released', '10', '0'],
  ['released', 'settled', (ended) => settle('hold_1', '1', ended), 'charge', '9', '0'],
  ['released', 'released again', (ended) => release('hold_1', ended), 'nothing to do', '10', '0'],
  ['released', 'expired', (ended) => expire('hold_1', ended), 'nothing to do', '10', '0'],

  ['expired', 'placed again', (ended) => hold('hold_1', '4', { ended }), 'refused: hold-expired', '10', '0'],
  ['expired', 'extended', (ended) => extend('hold_1', '1', ended), 'refused: hold-expired', '10', '0'],
  ['expired', 'settled', (ended) => settle('hold_1', '1', ended), 'charge', '9', '0'],
  [
    'expired',
    'settled beyond the wallet',
    (ended) => settle('hold_1', '11', ended),
    'charge-waiting',
    '10',
    '0',
  ],
  ['expired', 'released', (ended) => release('hold_1', ended), 'nothing to do', '10', '0'],
  ['expired', 'expired again', (ended) => expire('hold_1', ended), 'nothing to do', '10', '0'],
];

describe('the outcomes of a hold', () => {
  it.each(rows)('%s and then %s', (status, _, asked, outcome, available, held) => {
    const books = aWalletWithHold(status);
    expect(outcomeOf(books, asked('never-seen'))).toBe(outcome);
    expect(books.wallet('cus_1')).toMatchObject({ available, held });
  });

  it.each(rows)('%s long ago and then %s', (status, _, asked, outcome, available, held) => {
    const books = aWalletWithHold(status);
    books.book('cus_1').takeChanges();
    expect(outcomeOf(books, asked(toldEnd(status)))).toBe(outcome);
    expect(books.wallet('cus_1')).toMatchObject({ available, held });
  });
});

describe('a hold', () => {
  it('expires at its time and not before', () => {
    const books = aWalletWithHold('open');
    const expiresAt = hoursAfterNoon(2);
    const early: Asked = { ...expire('hold_1'), occurredAt: Instant.of(expiresAt - 1) };
    expect(books.refusal('cus_1', early)).toEqual({ code: 'hold-not-expired', holdId: 'hold_1', expiresAt });
    expect(books.post('cus_1', expire('hold_1'))).toMatchObject([
      { kind: 'expire', memo: { amount: money('4') } },
    ]);
  });

  it('takes the time of its extension', () => {
    const books = aWalletWithHold('open');
    books.post('cus_1', extend('hold_1', '1'));
    expect(books.state('cus_1').holds.get('hold_1')).toMatchObject({ expiresAt: hoursAfterNoon(2) });
    books.post('cus_1', { ...extend('hold_1', '1'), expiresAt: hoursAfterNoon(3) } as Asked);
    expect(books.state('cus_1').holds.get('hold_1')).toMatchObject({
      amount: money('6'),
      expiresAt: hoursAfterNoon(3),
    });
  });

  it('that had ended is named by the charge that it could not pay', () => {
    const books = aWalletWithHold('expired');
    expect(books.post('cus_1', settle('hold_1', '1'))).toMatchObject([
      { kind: 'charge', memo: { chargeId: 'call-of-hold_1', hold: { holdId: 'hold_1', ended: 'expired' } } },
    ]);
    expect(books.post('cus_1', settle('hold_2', '99'))).toMatchObject([
      { kind: 'charge-waiting', memo: { chargeId: 'call-of-hold_2', holdId: 'hold_2' } },
    ]);
  });
});

describe('a budget', () => {
  const aWallet = () => {
    const books = new Books();
    books.post('cus_1', setPlan());
    books.post('cus_1', topUp('top_1', '100'));
    return books;
  };
  const budgetsOf = (books: Books) => books.book('cus_1').snapshot().budgets;

  it('is decided together with the wallet', () => {
    const books = aWallet();
    const limits = [keyBudget('10'), customerBudget('12')];
    books.post('cus_1', hold('hold_1', '6', { limits }));
    expect(books.refusal('cus_1', hold('hold_2', '5', { limits }))).toEqual({
      code: 'key-budget-exceeded',
      scope: 'key:key_1:month',
      window: '2026-11',
      limit: money('10'),
      spent: money('0'),
      held: money('6'),
      needed: money('5'),
      affordable: money('4'),
    });
    const other = [customerBudget('12')];
    expect(books.refusal('cus_1', hold('hold_2', '7', { limits: other }))).toMatchObject({
      code: 'customer-budget-exceeded',
      affordable: money('6'),
    });
    expect(books.refusal('cus_1', hold('hold_2', '95', { limits: other }))).toMatchObject({
      code: 'insufficient-funds',
      available: money('94'),
      affordable: money('6'),
    });
    books.post('cus_1', hold('hold_2', '4', { limits }));
  });

  it.each(['expired', 'released', 'never-seen'] as const)(
    'counts a charge whose hold has ended as %s, in its newest window, and no budget of another key',
    (ended) => {
      const books = aWallet();
      const other = { ...keyBudget('50'), scope: 'key:key_1:x:month' };
      const limits = [keyBudget('10', '2026-10'), customerBudget('12'), other];
      if (ended !== 'never-seen') books.post('cus_1', hold('hold_1', '6', { limits }));
      books.post('cus_1', hold('hold_2', '1', { limits: [keyBudget('10', '2026-11'), ...limits.slice(1)] }));
      if (ended === 'expired') books.post('cus_1', expire('hold_1'));
      if (ended === 'released') books.post('cus_1', release('hold_1'));
      books.post('cus_1', settle('hold_1', '8', ended));
      const spent = budgetsOf(books).map(({ scope, window, spent: sum }) => [scope, window, sum]);
      expect(spent.sort()).toEqual([
        ['customer:month', '2026-11', money('8')],
        ['key:key_1:month', '2026-11', money('8')],
        ['key:key_1:x:month', '2026-11', money('0')],
      ]);
      expect(books.refusal('cus_1', hold('hold_3', '2', { limits: [keyBudget('10')] })).code).toBe(
        'key-budget-exceeded',
      );
    },
  );

  it('counts what is held, and then what was charged', () => {
    const books = aWallet();
    const limits = [keyBudget('10')];
    const counted = (spent: string, held: string) => {
      const use = { scope: 'key:key_1:month', window: '2026-11' };
      expect(budgetsOf(books)).toEqual([{ ...use, spent: money(spent), held: money(held) }]);
    };
    books.post('cus_1', hold('hold_1', '6', { limits }));
    counted('0', '6');
    books.post('cus_1', { ...extend('hold_1', '1'), limits } as Asked);
    counted('0', '7');
    expect(books.refusal('cus_1', { ...extend('hold_1', '4'), limits } as Asked).code).toBe(
      'key-budget-exceeded',
    );
    books.post('cus_1', settle('hold_1', '8'));
    counted('8', '0');
    books.post('cus_1', hold('hold_2', '1', { limits }));
    books.post('cus_1', release('hold_2'));
    counted('8', '0');
    books.post('cus_1', { ...charge('call_1', '5'), budgets: limits } as Asked);
    counted('13', '0');
    books.post('cus_1', hold('hold_3', '0', { limits }));
    counted('13', '0');
  });

  it('lends nothing to a clock that is behind: a window that is over counts as the newest', () => {
    const books = aWallet();
    books.post('cus_1', hold('hold_1', '9', { limits: [keyBudget('10', '2026-12')] }));
    const late = hold('hold_2', '2', { limits: [keyBudget('10', '2026-11')] });
    expect(books.refusal('cus_1', late)).toMatchObject({ window: '2026-12', held: money('9') });
    books.post('cus_1', hold('hold_2', '1', { limits: [keyBudget('10', '2026-11')] }));
    expect(budgetsOf(books)).toMatchObject([{ window: '2026-12', held: money('10') }]);
  });

  it('counts an extension in the window in which its hold counts', () => {
    const books = aWallet();
    books.post('cus_1', hold('hold_1', '9', { limits: [keyBudget('10', '2026-11')] }));
    const later = { limits: [keyBudget('10', '2026-12')] };
    expect(books.refusal('cus_1', { ...extend('hold_1', '2'), ...later })).toMatchObject({
      window: '2026-11',
      held: money('9'),
    });
    books.post('cus_1', { ...extend('hold_1', '1'), ...later });
    expect(budgetsOf(books)).toMatchObject([{ window: '2026-11', held: money('10') }]);
  });

  it('forgets a window when a later one has come and nothing is held in it', () => {
    const books = aWallet();
    const windows = () => budgetsOf(books).map(({ window, spent }) => [window, spent]);
    books.post('cus_1', hold('hold_1', '1', { limits: [keyBudget('10', '2026-11')] }));
    books.post('cus_1', hold('hold_2', '1', { limits: [keyBudget('10', '2026-12')] }));
    expect(windows()).toEqual([
      ['2026-11', 0n],
      ['2026-12', 0n],
    ]);
    books.post('cus_1', settle('hold_1', '1'));
    expect(windows()).toEqual([['2026-12', 0n]]);
    books.post('cus_1', { ...charge('call_1', '5'), budgets: [keyBudget('10', '2026-11')] } as Asked);
    expect(windows()).toEqual([['2026-12', 0n]]);
  });
});
