import { type Entry, Instant, readCanonicalBytes, standingCharge } from '@app/bookkeeping';
import { Units18 } from '@app/money';
import { freshDatabase } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ask, type AskedItem, ledgerOn, type LedgerForSpecs } from '../../test/ledger-for-specs.ts';
import { InvariantStore } from '../reports/invariants.store.ts';
import { RebuildHandler } from '../reports/rebuild.handler.ts';
import type { Outcome, PostRequest } from './journal.ts';
import type { Writer } from './writer.store.ts';

let ledger: LedgerForSpecs;
let writers: readonly Writer[];
let runs = 0;

beforeAll(async () => {
  ledger = await ledgerOn(await freshDatabase('journal-property'));
  // One of them decides small batches while others are being written, as a writer does under load.
  writers = [ledger.journal, ledger.another({ most: 2, early: 1 })];
});
afterAll(async () => {
  await ledger.close();
});

const amounts = fc.oneof(
  fc.bigInt({ min: 1n, max: 3n * 10n ** 18n }).map((units) => Units18.toText(Units18.of(units))),
  fc.constantFrom('0', '0.000000000000000001', '0.0195', '1', '2.5'),
);

/** What the world may ask for: anything, of either customer, in any order, late, twice, or twice with other words. */
const deeds = fc.record({
  deed: fc.constantFrom(
    ...[
      'top-up',
      'top-up',
      'top-up',
      'top-up',
      'grant',
      'hold',
      'hold',
      'hold',
      'hold',
      'settle',
      'settle',
      'settle',
      'charge',
      'charge',
    ],
    ...['release', 'plan', 'again', 'again', 'other-words', 'extend', 'extend', 'extend', 'expire'],
    ...['refund', 'close-out', 'pay', 'pay', 'fail', 'charge-back', 'correct', 'correct', 'compensate'],
  ),
  book: fc.integer({ min: 0, max: 1 }),
  name: fc.integer({ min: 1, max: 9 }),
  amount: amounts,
  payment: fc.integer({ min: 1, max: 30 }).map(String),
  lateSeconds: fc.constantFrom(0, 0, 0, 3_600, 40 * 86_400),
  /** Which of the two writers is asked. */
  writer: fc.integer({ min: 0, max: 1 }),
  /** Whether it is asked beside the deeds before it, or after them. */
  beside: fc.boolean(),
});
type Deed = typeof deeds extends fc.Arbitrary<infer Value> ? Value : never;

/** One request that was made, and what it came to. */
interface Asked {
  readonly request: PostRequest;
  readonly outcome: Outcome;
}

/** Plays a history on two writers that know nothing of each other. */
class World {
  readonly asked: Asked[] = [];
  private readonly requests: PostRequest[] = [];
  private readonly items: (AskedItem & { readonly bookId: string })[] = [];
  private readonly holds: string[] = [];
  private readonly charges: string[] = [];
  /** Corrections and compensations follow each other, as the ledger's lock has it. */
  private lastChange: Promise<void> = Promise.resolve();

  constructor(private readonly run: number) {}

  bookOf(index: number): string {
    return `cus_r${String(this.run)}_${String(index)}`;
  }

  async play(history: readonly Deed[]): Promise<void> {
    for (const index of [0, 1]) await this.ask(0, ask.plan(this.bookOf(index)));
    let together: Promise<void>[] = [];
    for (const deed of history) {
      if (!deed.beside) {
        await Promise.all(together);
        together = [];
      }
      const change = isChange(deed)
        ? (this.lastChange = this.lastChange.then(() => this.change(deed)))
        : undefined;
      together.push(change ?? this.ask(deed.writer, this.requestOf(deed)));
    }
    await Promise.all(together);
  }

  private async ask(writer: number, request: PostRequest): Promise<void> {
    this.requests.push(request);
    await this.post(writer, request);
  }

  private async post(writer: number, request: PostRequest): Promise<void> {
    const [outcome] = (await writers[writer]?.post([request])) ?? [];
    if (outcome === undefined) throw new Error('a request was not answered');
    this.asked.push({ request, outcome });
    if (outcome.kind !== 'recorded') return;
    for (const { entry } of outcome.entries) {
      if (entry.kind === 'hold') this.holds.push(entry.memo.holdId);
      if (entry.kind === 'settle' || entry.kind === 'charge') this.charges.push(entry.memo.chargeId);
      if (entry.kind === 'refund-reserved')
        this.items.push(...entry.memo.items.map((item) => ({ ...item, bookId: request.bookId })));
    }
  }

  /** Corrects or compensates a charge as it stands. What was refused is not asked again: by then it stands otherwise. */
  private async change({ deed, book, name, amount, writer }: Deed): Promise<void> {
    const bookId = this.bookOf(book);
    const charges = this.charges.filter((each) => each.includes(`_${bookId}_`));
    const chargeId = charges[charges.length - (name % 4)];
    if (chargeId === undefined) return;
    const standing = standingCharge(chargeId, await entriesOf(bookId));
    if (standing === undefined) return;
    const little = deed === 'compensate' && name > 4 ? '0.0001' : amount;
    const asked = { eventId: `${deed}-${String(this.asked.length)}-${chargeId}`, amount: little, standing };
    if (deed === 'correct') await this.post(writer, ask.correct(bookId, chargeId, asked));
    else if (little !== '0') await this.post(writer, ask.compensate(bookId, chargeId, asked));
  }

  private itemRequest(deed: 'pay' | 'fail', name: number): PostRequest | undefined {
    const item = this.items[name % Math.max(1, this.items.length)];
    if (item === undefined) return undefined;
    return deed === 'pay' ? ask.payItem(item.bookId, item) : ask.failItem(item.bookId, item);
  }

  private requestOf(deed: Deed): PostRequest {
    const before = this.requests[(deed.name * 7) % this.requests.length];
    if (deed.deed === 'again' && before) return before;
    if (deed.deed === 'other-words' && before)
      return { ...before, command: { ...before.command, fingerprint: 'f'.repeat(64) } };
    const { bookId, command } = this.fresh(deed);
    const occurredAt = Instant.of(command.occurredAt - deed.lateSeconds * 1_000_000);
    return { bookId, command: { ...command, occurredAt } };
  }

  private fresh({ deed, book, name, amount, payment }: Deed): PostRequest {
    const bookId = this.bookOf(book);
    const id = `${bookId}_${String(name)}`;
    // Mostly a hold that was placed, which may have ended since; now and then one that nobody knows.
    const placed = this.holds.filter((holdId) => holdId.startsWith(`hold_${bookId}_`));
    const holdId = placed[placed.length - (name % 4)] ?? `hold_${id}`;
    switch (deed) {
      case 'top-up':
        return ask.topUp(bookId, `top_${id}`, name > 4 ? payment : amount === '0' ? '1' : amount);
      case 'grant':
        return ask.grant(bookId, `grant_${id}`, amount === '0' ? '1' : amount);
      case 'hold':
        return ask.hold(bookId, `hold_${id}`, amount);
      case 'settle':
        return ask.settle(bookId, holdId, amount);
      case 'release':
        return ask.release(bookId, holdId);
      case 'charge':
        return ask.charge(bookId, `use_${id}`, amount);
      case 'extend':
        return ask.extend(
          bookId,
          `hold_${id}`,
          amount,
          `hold_${id}:extended-${String(this.requests.length)}`,
        );
      case 'expire':
        return ask.expire(bookId, holdId);
      case 'refund':
        return ask.refund(bookId, `ref_${id}`, amount);
      case 'close-out':
        return ask.refund(bookId, `ref_${id}`);
      case 'charge-back':
        return ask.chargeBack(bookId, `top_${id}`, payment);
      case 'pay':
      case 'fail':
        return this.itemRequest(deed, name) ?? ask.grant(bookId, `grant_${id}`, '0.01');
      default:
        return ask.plan(bookId, `plan-${String(name)}`);
    }
  }
}

/** What the histories together must have come to: every kind of entry of a wallet that is not taken over from elsewhere. */
const everyKindOfAWallet = [
  ...[
    'charge',
    'charge-collected',
    'charge-waiting',
    'compensation',
    'correction',
    'expire',
    'extend',
    'external-refund',
  ],
  ...[
    'grant',
    'hold',
    'plan-set',
    'refund-failed',
    'refund-paid',
    'refund-reserved',
    'release',
    'settle',
    'top-up',
  ],
];

const isChange = ({ deed }: Deed): boolean => deed === 'correct' || deed === 'compensate';

async function entriesOf(bookId: string): Promise<Entry[]> {
  const rows = await ledger.database.query<{ canonical: Buffer }>(
    'SELECT canonical FROM entry WHERE book_id = $1 ORDER BY version',
    [bookId],
  );
  return rows.map(({ canonical }) => readCanonicalBytes(canonical));
}

/** What the journal says of a run's books, in sums. */
async function figuresOf(books: readonly string[]) {
  const [row] = await ledger.database.query<Record<string, string>>(
    `SELECT (SELECT count(*) FROM entry WHERE book_id = ANY($1)) AS entries,
            (SELECT count(DISTINCT (book_id, event_id)) FROM entry WHERE book_id = ANY($1)) AS events,
            (SELECT count(*) FROM book_head h CROSS JOIN LATERAL (
               SELECT coalesce(sum(amount) FILTER (WHERE credit = 'wallet:' || h.book_id || ':paid'), 0)
                    - coalesce(sum(amount) FILTER (WHERE debit = 'wallet:' || h.book_id || ':paid'), 0) AS paid,
                      coalesce(sum(amount) FILTER (WHERE credit = 'wallet:' || h.book_id || ':granted'), 0)
                    - coalesce(sum(amount) FILTER (WHERE debit = 'wallet:' || h.book_id || ':granted'), 0) AS granted
                 FROM posting WHERE posting.book_id = h.book_id) p
              WHERE h.book_id = ANY($1) AND (h.paid, h.granted) <> (p.paid, p.granted)) AS unlike_postings,
            (SELECT trim_scale(coalesce(sum(CASE WHEN credit LIKE 'revenue:usage:%' THEN amount ELSE 0 END)
                                      - sum(CASE WHEN debit LIKE 'revenue:usage:%' THEN amount ELSE 0 END), 0)) FROM posting
              WHERE book_id = ANY($1)) AS revenue,
            (SELECT trim_scale(coalesce(sum(amount), 0)) FROM waiting_charge WHERE book_id = ANY($1)) AS waiting,
            (SELECT count(*) FROM entry e JOIN entry p ON p.book_id = e.book_id AND p.version = e.version - 1
              WHERE e.book_id = ANY($1) AND (p.hash <> e.previous_hash OR p.recorded_at > e.recorded_at)) AS unchained`,
    [books],
  );
  return row ?? {};
}

/** What was asked to be charged and was recorded, by the first answers, and what corrections made of it. */
const chargedBy = (asked: readonly Asked[]): Units18 =>
  Units18.sum(
    asked.flatMap(({ request: { command }, outcome }) => {
      if (outcome.kind !== 'recorded') return [];
      if (command.type !== 'correct-charge') return 'charge' in command ? [command.charge] : [];
      return outcome.entries.flatMap(({ entry }) =>
        entry.kind === 'correction'
          ? [Units18.subtract(entry.memo.after.charge, entry.memo.before.charge)]
          : [],
      );
    }),
  );

async function holds(history: readonly Deed[]): Promise<void> {
  runs += 1;
  const world = new World(runs);
  await world.play(history);
  const { asked } = world;
  expect(asked.filter(({ outcome }) => outcome.kind === 'failed')).toEqual([]);
  const applied = asked.filter(({ outcome }) => outcome.kind === 'recorded');
  const ids = applied.map(({ request }) => `${request.bookId} ${request.command.eventId}`);
  expect(new Set(ids).size).toBe(ids.length);
  const recorded = applied.flatMap(({ outcome }) => (outcome.kind === 'recorded' ? outcome.entries : []));
  const figures = await figuresOf([world.bookOf(0), world.bookOf(1)]);
  const known = String(recorded.length);
  expect(figures).toMatchObject({ entries: known, events: known, unlike_postings: '0', unchained: '0' });
  const accounted = Units18.add(
    Units18.fromText(figures['revenue'] ?? ''),
    Units18.fromText(figures['waiting'] ?? ''),
  );
  expect(Units18.toText(accounted)).toBe(Units18.toText(chargedBy(asked)));
  const broken = await new InvariantStore(ledger.database).brokenRules();
  expect(Object.values(broken ?? { none: 'read' }).filter((count) => count !== '0')).toEqual([]);
  const report = await new RebuildHandler(ledger.database).handle();
  expect(report).toMatchObject({ agrees: true, chainVerified: true, firstDifference: '' });
}

describe('the journal on PostgreSQL', () => {
  it('keeps every invariant in any history, with two writers at once, events late, repeated and reused', async () => {
    const history = fc.array(deeds, { minLength: 20, maxLength: 80, size: 'max' });
    await fc.assert(fc.asyncProperty(history, holds), { numRuns: 40, endOnFailure: true });
    const rows = await ledger.database.query<{ kind: string }>(
      'SELECT DISTINCT kind FROM entry ORDER BY kind',
    );
    expect(rows.map(({ kind }) => kind)).toEqual(everyKindOfAWallet);
  }, 180_000);

  it('spends the oldest lot first, also in a book that is read anew after its ninth entry', async () => {
    const book = 'cus_oldest';
    const others = Array.from({ length: 8 }, (_, index) =>
      ask.grant(book, `grant_old${String(index)}`, '0.01'),
    );
    await ledger.journal.post([ask.plan(book), ask.topUp(book, 'top_first', '1'), ...others]);
    await ledger.journal.post([ask.topUp(book, 'top_second', '1')]);
    await ledger.another().post([ask.charge(book, 'use_oldest', '0.58')]);
    const lots = await ledger.database.query(
      'SELECT top_up_id, trim_scale(used)::text AS used FROM lot WHERE book_id = $1 ORDER BY lot.opened_by',
      [book],
    );
    expect(lots).toEqual([
      { top_up_id: 'top_first', used: '0.5' },
      { top_up_id: 'top_second', used: '0' },
    ]);
  });
});
