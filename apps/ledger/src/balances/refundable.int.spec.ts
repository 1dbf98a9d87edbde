import { Units18 } from '@app/money';
import { freshDatabase } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ask, ledgerOn, type LedgerForSpecs } from '../../test/ledger-for-specs.ts';
import { QuoteRefundHandler } from '../refunds/quote-refund.handler.ts';
import { BalanceStore } from './balance.store.ts';

let ledger: LedgerForSpecs;
let balances: BalanceStore;
let quotes: QuoteRefundHandler;
const book = 'cus_refundable';

beforeAll(async () => {
  ledger = await ledgerOn(await freshDatabase('refundable'));
  [balances, quotes] = [new BalanceStore(ledger.database), new QuoteRefundHandler(ledger.database)];
  await ledger.journal.post([
    ask.plan(book),
    ask.plan('cus_other'),
    ask.topUp('cus_other', 'top_other', '5'),
  ]);
});
afterAll(() => ledger.close());

/** A top-up, and what became of it: some was used, refunded or reserved, and perhaps more was sent back than was taken from it. */
interface LotFigures {
  readonly amount: bigint;
  readonly used: bigint;
  readonly refunded: bigint;
  readonly reserved: bigint;
  readonly sent: bigint;
}

const fen = 10n ** 16n;
const parts = fc.oneof(
  fc.bigInt({ min: 0n, max: 400n }).map((count) => count * fen),
  fc.bigInt({ min: 0n, max: 4n * 10n ** 18n }),
);
const lots: fc.Arbitrary<LotFigures> = fc
  .record({
    used: parts,
    refunded: parts,
    reserved: parts,
    remaining: parts,
    more: fc.boolean(),
    sent: parts,
  })
  .map(({ remaining, more, sent, ...lot }) => ({
    ...lot,
    amount: lot.used + lot.refunded + lot.reserved + remaining + (more ? 0n : 1n),
    sent: more ? sent + lot.refunded + lot.reserved : 0n,
  }));
const remainingOf = (lot: LotFigures): bigint => lot.amount - lot.used - lot.refunded - lot.reserved;
const text = (units: bigint): string => Units18.toText(Units18.of(units));

const wallets = fc
  .record({
    lots: fc.array(lots, { maxLength: 5 }),
    granted: parts,
    heldPerMille: fc.bigInt({ min: 0n, max: 1_000n }),
  })
  .map(({ heldPerMille, ...wallet }) => {
    const paid = wallet.lots.reduce((sum, lot) => sum + remainingOf(lot), 0n);
    return { ...wallet, paid, held: ((paid + wallet.granted) * heldPerMille) / 1_000n };
  });
type Wallet = typeof wallets extends fc.Arbitrary<infer Value> ? Value : never;

/** Puts a wallet into the tables as if its entries had come to it. */
async function put({ lots: all, paid, granted, held }: Wallet): Promise<void> {
  await ledger.database.transaction(async (tx) => {
    await tx.query('DELETE FROM lot WHERE book_id = $1', [book]);
    await tx.query('UPDATE book_head SET paid = $2, granted = $3, held = $4 WHERE book_id = $1', [
      book,
      ...[paid, granted, held].map(text),
    ]);
    for (const [at, lot] of all.entries())
      await tx.query(
        `INSERT INTO lot (book_id, top_up_id, channel, opened_by, amount, used, refunded, reserved, remaining, sent)
         VALUES ($1, $2, 'alipay', $3, $4, $5, $6, $7, $8, $9)`,
        [
          ...[book, `top_${String(at)}`, at + 2],
          ...[lot.amount, lot.used, lot.refunded, lot.reserved, remainingOf(lot), lot.sent].map(text),
        ],
      );
  });
}

const quote = (amount: bigint) => quotes.quote({ customerId: book, closeOut: false, amount: text(amount) });

async function isWhatRefundsAreQuoted(wallet: Wallet): Promise<void> {
  await put(wallet);
  const [balance] = await balances.now([book]);
  const refundable = Units18.fromText(balance?.refundable ?? '');
  const all = await quotes.quote({ customerId: book, closeOut: true, amount: '' });
  if (refundable === 0n) expect(all.refusalCode).toBe('nothing-to-refund');
  else {
    expect(all.refusalCode).toBe('');
    expect(Units18.subtract(Units18.fromText(all.total), Units18.fromText(all.rounding))).toBe(refundable);
  }
  const most = refundable - (refundable % fen);
  if (most > 0n) expect(await quote(most)).toMatchObject({ refusalCode: '', total: text(most) });
  expect(await quote(most + fen)).toMatchObject({
    refusalCode: 'exceeds-refundable',
    refundable: text(most),
  });
}

describe('what a balance says is refundable', () => {
  it('is what a close-out takes, and to the minor unit what an amount may be, whatever was sent back before', async () => {
    await fc.assert(fc.asyncProperty(wallets, isWhatRefundsAreQuoted), { numRuns: 150, endOnFailure: true });
  }, 120_000);

  it('is less than what is paid where a payment was charged back and its use corrected later', async () => {
    const alipay = { amount: 100n * 100n * fen, used: 0n, refunded: 10n * 100n * fen, reserved: 0n };
    // Charged back: all 100 left by the payment, 10 were taken, 90 were a shortfall; then the use of 90 was corrected.
    await put({ lots: [{ ...alipay, sent: alipay.amount }], paid: 90n * 100n * fen, granted: 0n, held: 0n });
    expect((await balances.now([book, 'cus_other'])).map((each) => [each.paid, each.refundable])).toEqual([
      ['5', '5'],
      ['90', '0'],
    ]);
  });
});
