import { Book, canonicalText, type Command, type Entry, Instant } from '@app/bookkeeping';
import { invariant } from '@app/decider';
import { Units18 } from '@app/money';
import { hash } from 'node:crypto';

/** An entry as the ledger would have written it, with the balance after it and its place in the chain. */
export interface MadeEntry {
  readonly entry: Entry;
  readonly paid: Units18;
  readonly granted: Units18;
  readonly held: Units18;
  readonly canonical: string;
  readonly previousHash: string;
  readonly hash: string;
}

const currency = 'CNY';
const begun = Instant.fromText('2026-06-01T00:00:00Z');
const microsecondsBetweenEntries = 13_000;
const noHash = '0'.repeat(64);
const fingerprint = hash('sha256', 'bench');
const money = (text: string): Units18 => Units18.fromText(text);
const lots = ['10', '1000', '90000000'];

/** Makes the entries of one book by the rules of the ledger, without a ledger: what is written in bulk is what would have been. */
export class BookMaker {
  private readonly book: Book;
  private chain = noHash;
  private calls = 0;

  constructor(readonly bookId: string) {
    this.book = Book.open(bookId);
  }

  /** The plan and three top-ups. */
  *opening(order: number): Generator<MadeEntry> {
    const plan = { code: 'usd-credit', credits: money('1'), amount: money('7.14') };
    yield* this.made({ ...this.command('plan', order), type: 'set-plan', currency, plan });
    for (const [index, amount] of lots.entries()) {
      const topUpId = `top_${this.bookId}_${String(index)}`;
      const facts = {
        topUpId,
        channel: 'wechat-pay',
        amount: money(amount),
        providerReference: `4200${topUpId}`,
      };
      yield* this.made({ ...this.command(topUpId, order), type: 'credit-top-up', currency, ...facts });
    }
  }

  /** A charge without a hold. */
  *charge(order: number): Generator<MadeEntry> {
    const { callId, charge } = this.nextCall();
    const command = this.command(`${callId}:rated`, order);
    yield* this.made({ ...command, type: 'charge-usage', currency, ...this.facts(callId, charge, command) });
  }

  /** A call as the gateway makes it: a hold, and the charge that settles it. */
  *heldCall(order: number): Generator<MadeEntry> {
    const { callId, charge } = this.nextCall();
    const holdId = callId.replace('call_', 'hold_');
    const placed = this.command(`${holdId}:placed`, order);
    const amount = money('0.25');
    const expiresAt = Instant.of(placed.occurredAt + 90_000_000);
    const named = {
      holdId,
      amount,
      expiresAt,
      callId,
      keyId,
      leaseId: 'lease_bench',
      limits: [],
      ended: 'never-seen',
    } as const;
    yield* this.made({ ...placed, type: 'place-hold', currency, ...named });
    const rated = this.command(`${callId}:rated`, order);
    const facts = { holdId, ended: 'never-seen', ...this.facts(callId, charge, rated) } as const;
    yield* this.made({ ...rated, type: 'settle-hold', currency, ...facts });
  }

  private nextCall(): { readonly callId: string; readonly charge: Units18 } {
    this.calls += 1;
    const callId = `call_${hash('sha256', `${this.bookId} ${String(this.calls)}`)
      .slice(0, 26)
      .toUpperCase()}`;
    // Tokens times a price a million, as exact as they come: up to twelve decimals.
    const tokens = BigInt(200 + ((this.calls * 7_919) % 6_000));
    return { callId, charge: Units18.of(tokens * 2_312_500_000_000n) };
  }

  private command(eventId: string, order: number) {
    const occurredAt = Instant.of(begun + order * microsecondsBetweenEntries - 400_000);
    return { eventId, fingerprint, occurredAt };
  }

  private facts(chargeId: string, charge: Units18, { occurredAt }: { readonly occurredAt: Instant }) {
    return { chargeId, keyId, priceVersionId, charge, waitsUntil: occurredAt, budgets: [] };
  }

  private *made(command: Command): Generator<MadeEntry> {
    const decision = this.book.decide(command);
    invariant(decision.accepted, 'the benchmark asks for nothing that is refused');
    for (const draft of decision.events) {
      const recordedAt = Instant.of(draft.occurredAt + 400_000);
      const accountingDate = Instant.toText(Instant.of(draft.occurredAt + 28_800_000_000)).slice(0, 10);
      const entry = this.book.record(draft, { recordedAt, accountingDate });
      const { paid, granted, held } = this.book.state;
      const canonical = canonicalText(entry);
      const previousHash = this.chain;
      this.chain = hash('sha256', Buffer.from(previousHash + hash('sha256', canonical), 'hex'));
      yield { entry, paid, granted, held, canonical, previousHash, hash: this.chain };
    }
    this.book.takeChanges();
  }
}

const keyId = 'key_01JD5ZK9X2M4N6P8Q0R2S4T6V8';
const priceVersionId = 'prv_01JD5ZA0000000000000000001';
