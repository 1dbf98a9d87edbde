import { Units18 } from '@app/money';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Asked, Books, hoursAfterNoon, money } from '../test/books.ts';
import { expire, hold, release, setPlan, settle, topUp, waitingCharge } from '../test/commands.ts';
import { amounts, bookId, deeds, historyOf, World } from '../test/world.ts';
import { availableOf, type BookState } from './book-state.ts';
import { fold } from './book.ts';
import { canonicalText, readCanonicalText } from './canonical.ts';
import { breaksOfBooks, breaksOfEntry, breaksOfRebuild } from './invariants.ts';

function textOfSum(state: BookState, account: Parameters<BookState['sums']['get']>[0]): Units18 {
  const sum = state.sums.get(account);
  return sum === undefined ? Units18.zero : Units18.subtract(sum.credit, sum.debit);
}

describe('any history', () => {
  it('keeps every invariant after every step, and folds to the live book', () => {
    fc.assert(
      fc.property(historyOf(deeds), (history) => {
        const world = new World();
        for (const deed of history) {
          if (world.do(deed).length === 0) continue;
          const breaks = breaksOfBooks(world.books.all());
          if (breaks.length > 0) expect(breaks).toEqual([]);
          expect(world.books.trialBalance().totals.every(({ difference }) => difference === 0n)).toBe(true);
        }
        const { entries } = world.books;
        expect(entries.flatMap(breaksOfEntry)).toEqual([]);
        expect(breaksOfRebuild(fold(bookId, entries), world.state)).toEqual([]);
        expect(entries.map((entry) => readCanonicalText(canonicalText(entry)))).toEqual(entries);
        expect(new Set(entries.map(({ eventId }) => eventId)).size).toBe(entries.length);
      }),
      { numRuns: 100 },
    );
  });

  it('charges what was used, to the last digit: collected, uncollected, or still waiting', () => {
    fc.assert(
      fc.property(historyOf(deeds), (history) => {
        const world = new World();
        for (const deed of history) world.do(deed);
        const { state } = world;
        const posted = Units18.sum([
          textOfSum(state, 'revenue:usage:paid'),
          textOfSum(state, 'revenue:usage:granted'),
          textOfSum(state, 'revenue:usage:uncollected'),
        ]);
        const waiting = Units18.sum(state.waiting.map(({ amount }) => amount));
        expect(Units18.add(posted, waiting)).toBe(world.charged);
      }),
      { numRuns: 100 },
    );
  });

  it('never sends back through a payment more than came in through it', () => {
    const own = deeds.filter(({ deed }) => deed !== 'external');
    fc.assert(
      fc.property(historyOf(own), (history) => {
        const world = new World();
        const paidIn = new Map<string, Units18>();
        for (const deed of history) world.do(deed);
        for (const { kind, memo } of world.books.entries) {
          if (kind === 'top-up') paidIn.set(memo.topUpId, Units18.ceilToMinor(memo.amount, 'CNY').rounded);
          if (kind !== 'refund-paid') continue;
          const left = Units18.subtract(paidIn.get(memo.topUpId) ?? Units18.zero, memo.amount);
          expect(left >= 0n).toBe(true);
          paidIn.set(memo.topUpId, left);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('the order in which events come', () => {
  // Facts that do not depend on one another: money in, and calls whose charges the money covers.
  const facts: readonly Asked[] = [
    { ...topUp('top_1', '100'), eventId: 'top_1:settled' },
    { ...topUp('top_2', '50'), eventId: 'top_2:settled' },
    { ...waitingCharge('call_1', '0.0195'), eventId: 'call_1:rated' },
    { ...waitingCharge('call_2', '30'), eventId: 'call_2:rated' },
    { ...waitingCharge('call_3', '40.5'), eventId: 'call_3:rated' },
    { ...waitingCharge('call_4', '1.000000000000000001'), eventId: 'call_4:rated' },
  ];

  it('and how often, leaves the same balance and the same books', () => {
    const shuffled = fc.shuffledSubarray([...facts, ...facts, ...facts], { minLength: facts.length * 3 });
    fc.assert(
      fc.property(shuffled, (deliveries) => {
        const world = new World();
        for (const fact of deliveries) world.deliver(fact);
        expect(world.books.wallet(bookId)).toMatchObject({
          granted: '0',
          held: '0',
          paid: '78.480499999999999999',
        });
        expect(world.state.waiting).toEqual([]);
        expect(world.books.balances()['expense:uncollected'] ?? '0').toBe('0');
        expect(world.books.entries.filter(({ kind }) => kind === 'top-up')).toHaveLength(2);
        expect(breaksOfBooks(world.books.all())).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('of a hold’s end and its charge charges the call once', () => {
    const ends: readonly Asked[] = [
      { ...settle('hold_1', '4'), eventId: 'hold_1:rated' },
      { ...release('hold_1'), eventId: 'hold_1:closed' },
      { ...expire('hold_1'), eventId: 'hold_1:expired' },
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray([...ends, ...ends], { minLength: 6 }), (deliveries) => {
        const world = new World();
        world.deliver({ ...topUp('top_1', '10'), eventId: 'top_1:settled' });
        world.deliver({ ...hold('hold_1', '5'), eventId: 'hold_1:placed' });
        for (const asked of deliveries) {
          world.deliver({ ...asked, ended: world.ended.get('hold_1') ?? 'never-seen' } as Asked);
        }
        expect(world.books.wallet(bookId)).toEqual({ paid: '6', granted: '0', held: '0', available: '6' });
      }),
    );
  });
});

describe('any number of holds', () => {
  it('never sets aside more than there is', () => {
    fc.assert(
      fc.property(fc.array(amounts, { maxLength: 200 }), amounts, (holds, paidIn) => {
        const books = new Books();
        books.post(bookId, setPlan());
        if (paidIn !== '0') books.post(bookId, topUp('top_1', paidIn));
        let left = money(paidIn);
        holds.forEach((amount, index) => {
          const asked = hold(`hold_${index.toString()}`, amount);
          const passes = books.decide(bookId, asked).accepted;
          expect(passes).toBe(money(amount) <= left);
          if (!passes) return;
          books.post(bookId, asked);
          left = Units18.subtract(left, money(amount));
        });
        expect(availableOf(books.state(bookId))).toBe(left);
        expect(books.entries.every(({ recordedAt }) => recordedAt === hoursAfterNoon(1))).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});
