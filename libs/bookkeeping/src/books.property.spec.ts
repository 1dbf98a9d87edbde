import { Units18 } from '@app/money';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Asked, Books, hoursAfterNoon, money } from '../test/books.ts';
import {
  charge,
  closeOut,
  compensate,
  correct,
  customerBudget,
  endWait,
  expire,
  extend,
  externalRefund,
  grant,
  hold,
  itemFailed,
  itemPaid,
  keyBudget,
  refund,
  release,
  setPlan,
  settle,
  topUp,
  waitingCharge,
} from '../test/commands.ts';
import { availableOf, type BookState, type Lot } from './book-state.ts';
import { BookFold } from './book-fold.ts';
import { Book, type BookChanges, fold } from './book.ts';
import { canonicalText, readCanonicalText } from './canonical.ts';
import type { Entry } from './entry.ts';
import { breaksOfBooks, breaksOfEntry, breaksOfRebuild } from './invariants.ts';
import { snapshotOf } from './snapshot.ts';
import { standingCharge } from './standing-charge.ts';
import { totalsOf } from './trial-balance.ts';

const bookId = 'cus_1';

const text = (units: bigint) => Units18.toText(Units18.of(units));
/** What calls cost and refunds ask for: amounts that meet and miss minor units, and that sums of others reach. */
const amounts = fc.oneof(
  fc.bigInt({ min: 1n, max: 500n }).map((fen) => text(fen * 10n ** 16n)),
  fc.bigInt({ min: 1n, max: 4n * 10n ** 18n }).map(text),
  fc.constantFrom('0', '0.000000000000000001', '0.009', '0.01', '1', '5', '12.345678', '200'),
);
/** What comes in. */
const payments = fc.oneof(
  fc.bigInt({ min: 1n, max: 4000n }).map((fen) => text(fen * 10n ** 16n)),
  fc.constantFrom('0.01', '1', '5', '100'),
);
const names = fc.integer({ min: 1, max: 12 }).map((index) => index.toString());

/** What the world may do: everything, at any time, more than once, in any order. */
const deeds = fc.record({
  deed: fc.constantFrom(
    ...[
      'top-up',
      'top-up',
      'grant',
      'hold',
      'hold',
      'hold',
      'extend',
      'settle',
      'settle',
      'settle',
      'release',
    ],
    ...[
      'charge',
      'charge',
      'wait',
      'end-wait',
      'refund',
      'refund',
      'close-out',
      'pay',
      'pay',
      'fail',
      'fail',
    ],
    ...['expire', 'external', 'correct', 'correct', 'correct', 'compensate', 'plan', 'again'],
  ),
  name: names,
  amount: amounts,
  payment: payments,
});
const historyOf = (possible: typeof deeds) =>
  fc.array(possible, { minLength: 20, maxLength: 120, size: 'max' });
type Deed = typeof deeds extends fc.Arbitrary<infer Value> ? Value : never;

/** The shell of the ledger in memory: event ids for ever, ended holds and lots, charges from the journal. */
class World {
  readonly books = new Books();
  readonly #known = new Map<string, string>();
  readonly #lots = new Map<string, Lot>();
  readonly ended = new Map<string, 'settled' | 'released' | 'expired'>();
  readonly #asked: Asked[] = [];
  readonly #chargeIds: string[] = [];
  charged = Units18.zero;

  constructor() {
    this.books.post(bookId, setPlan());
  }

  get state(): BookState {
    return this.books.state(bookId);
  }

  do(deed: Deed): readonly Entry[] {
    const asked = this.#askedFor(deed);
    return asked === undefined ? [] : this.deliver(asked);
  }

  /** Events come at least once: the same id is taken in once, for ever. */
  deliver(asked: Asked): readonly Entry[] {
    const eventId = asked.eventId ?? '';
    if (this.#known.has(eventId)) return [];
    const decision = this.books.decide(bookId, asked);
    if (!decision.accepted) return [];
    this.#known.set(eventId, asked.type);
    this.#asked.push(asked);
    const entries = this.books.post(bookId, asked);
    for (const [topUpId, lot] of this.books.book(bookId).takeChanges().lots) this.#lots.set(topUpId, lot);
    for (const entry of entries) this.#note(entry);
    return entries;
  }

  #note({ kind, memo }: Entry): void {
    if (kind === 'settle') this.ended.set(memo.holdId, 'settled');
    if (kind === 'release') this.ended.set(memo.holdId, 'released');
    if (kind === 'expire') this.ended.set(memo.holdId, 'expired');
    if (kind === 'settle' || kind === 'charge' || kind === 'charge-waiting') {
      this.charged = Units18.add(this.charged, memo.charge);
      this.#chargeIds.push(memo.chargeId);
    }
    if (kind === 'correction') {
      this.charged = Units18.add(this.charged, Units18.subtract(memo.after.charge, memo.before.charge));
    }
  }

  #askedFor({ deed, name, amount, payment }: Deed): Asked | undefined {
    const holdId = `hold_${name}`;
    const ended = this.ended.get(holdId) ?? 'never-seen';
    const named = (asked: Asked, eventId: string): Asked => ({ ...asked, eventId });
    const unique = `${deed}-${this.books.entries.length.toString()}`;
    switch (deed) {
      case 'top-up':
        return named(topUp(`top_${name}`, payment), `top_${name}:settled`);
      case 'grant':
        return named(grant(unique, amount), unique);
      case 'hold': {
        const limits = [keyBudget('60'), customerBudget('90')].slice(Number(name) % 3);
        return named(hold(holdId, amount, { ended, limits }), `${holdId}:placed`);
      }
      case 'extend':
        return named(extend(holdId, amount, ended), unique);
      case 'settle':
        return named(settle(holdId, amount, ended), `${holdId}:rated`);
      case 'release':
        return named(release(holdId, ended), `${holdId}:closed`);
      case 'expire':
        return named(expire(holdId, ended), `${holdId}:expired`);
      case 'charge':
        return named(charge(`call_${name}`, amount), `call_${name}:rated`);
      case 'wait':
        return named(waitingCharge(`call_${name}`, amount), `call_${name}:rated`);
      case 'end-wait':
        return named(endWait(`call_${name}`), `call_${name}:wait-over`);
      case 'refund':
        return named(refund(`ref_${name}`, amount), `ref_${name}:requested`);
      case 'close-out':
        return named(closeOut(`ref_${name}`), `ref_${name}:requested`);
      case 'external':
        return named(externalRefund(`top_${name}`, amount, [...this.#lots.values()]), unique);
      case 'plan':
        return named(setPlan(payment), unique);
      case 'again':
        return this.#asked[(Number(name) * 7) % Math.max(this.#asked.length, 1)];
      default:
        return this.#about(deed, name, amount);
    }
  }

  /** Deeds that need something that happened before. */
  #about(deed: string, name: string, amount: string): Asked | undefined {
    const [item] = [...this.state.refunds.values()].flatMap((open) => open.items);
    if (item !== undefined && deed === 'pay') {
      return { ...itemPaid(item.itemId, Units18.toText(item.amount)), eventId: `${item.itemId}:paid` };
    }
    if (item !== undefined && deed === 'fail') {
      return { ...itemFailed(item.itemId, Units18.toText(item.amount)), eventId: `${item.itemId}:failed` };
    }
    const chargeId = this.#chargeIds[(Number(name) * 5) % Math.max(this.#chargeIds.length, 1)] ?? '';
    const standing = standingCharge(chargeId, this.books.entries);
    if (standing === undefined) return undefined;
    const eventId = `${deed}-${this.books.entries.length.toString()}`;
    if (deed === 'correct') {
      const lots = [...this.#lots.values()];
      return { ...correct(chargeId, amount, { ...standing, endedLots: lots }), eventId };
    }
    return deed === 'compensate'
      ? { ...compensate(chargeId, amount, { ...standing, reasonId: name }), eventId }
      : undefined;
  }
}

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
