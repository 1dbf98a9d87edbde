import { Units18 } from '@app/money';
import fc from 'fast-check';
import type { BookState, Lot } from '../src/book-state.ts';
import type { Entry } from '../src/entry.ts';
import { standingCharge } from '../src/standing-charge.ts';
import { type Asked, Books } from './books.ts';
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
} from './commands.ts';

export const bookId = 'cus_1';

const text = (units: bigint) => Units18.toText(Units18.of(units));
/** What calls cost and refunds ask for: amounts that meet and miss minor units, and that sums of others reach. */
export const amounts = fc.oneof(
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
export const deeds = fc.record({
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
export const historyOf = (possible: typeof deeds) =>
  fc.array(possible, { minLength: 20, maxLength: 120, size: 'max' });
type Deed = typeof deeds extends fc.Arbitrary<infer Value> ? Value : never;

/** The shell of the ledger in memory: event ids for ever, ended holds and lots, charges from the journal. */
export class World {
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
