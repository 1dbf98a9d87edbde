import { type LedgerApi, type MeteringApi, PriceTerms } from '@app/contracts';
import { Money } from '@app/money';
import { z } from 'zod';
import { CallLine, callLineOf } from './call-view.ts';
import { orNull } from './figures.ts';

const Wallet = z.object({ paid: z.string(), granted: z.string() });

/** One call with all that its charge follows from, so that anyone can compute it again. */
export const Receipt = CallLine.extend({
  object: z.literal('call.receipt'),
  ended_at: z.string(),
  raw_usage: z.unknown().describe('The provider’s usage as it came; null where it reported none.'),
  price: z
    .object({
      id: z.string(),
      rate_card: z.string(),
      effective_from: z.string(),
      rates: PriceTerms.shape.rates,
      fallback: PriceTerms.shape.fallback,
      unit_prices: PriceTerms.shape.unitPrices,
      tiers: PriceTerms.shape.tiers,
      windows: PriceTerms.shape.windows,
    })
    .nullable()
    .describe('The price version in force when the call was admitted.'),
  hold_id: z.string().nullable(),
  entry: z
    .object({
      book: z.string(),
      version: z.int(),
      event_id: z.string(),
      kind: z.string(),
      recorded_at: z.string(),
      hash: z.string(),
      postings: z.array(z.object({ debit: z.string(), credit: z.string(), amount: z.string() })),
    })
    .nullable()
    .describe('How the ledger recorded it; null where it did not yet, or where nothing is to be recorded.'),
  balance: z
    .object({ before: Wallet, after: Wallet.extend({ held: z.string() }) })
    .nullable()
    .describe('Your wallet before and after that entry.'),
});
export type Receipt = z.infer<typeof Receipt>;

/** The ledger's event of how a call ended; undefined where it was told nothing, because the call waits for a person. */
export function eventIdOf({
  callId,
  outcome,
}: Pick<MeteringApi.CallLine, 'callId' | 'outcome'>): string | undefined {
  if (outcome === 'charged') return `${callId}:rated`;
  return outcome === 'uncharged' ? `${callId}:uncharged` : undefined;
}

/** The receipt of a call, with the entry that the ledger made of it. */
export function receiptOf(
  receipt: MeteringApi.CallReceipt & { readonly call: MeteringApi.CallLine },
  entry: LedgerApi.Entry | undefined,
  currency: string,
): Receipt {
  return {
    ...callLineOf(receipt.call, currency),
    object: 'call.receipt',
    ended_at: receipt.endedAt,
    raw_usage: receipt.rawUsage === '' ? null : jsonOf(receipt.rawUsage),
    price: priceOf(receipt),
    hold_id: orNull(receipt.holdId),
    entry: entry === undefined ? null : entryOf(entry),
    balance: entry === undefined ? null : balancesOf(entry),
  };
}

function priceOf({
  call,
  rateCard,
  priceEffectiveFrom,
  priceTerms,
}: MeteringApi.CallReceipt): Receipt['price'] {
  if (priceTerms === '') return null;
  const { unitPrices, ...terms } = PriceTerms.parse(JSON.parse(priceTerms));
  return {
    id: call?.priceVersionId ?? '',
    rate_card: rateCard,
    effective_from: priceEffectiveFrom,
    ...terms,
    unit_prices: unitPrices,
  };
}

const entryOf = ({ bookId, version, eventId, kind, recordedAt, hash, postings }: LedgerApi.Entry) => ({
  book: bookId,
  version: Number(version),
  event_id: eventId,
  kind,
  recorded_at: recordedAt,
  hash,
  postings: postings.map(({ debit, credit, amount }) => ({ debit, credit, amount })),
});

/** The wallet before the entry follows from the wallet after it and the entry's own postings. */
function balancesOf(entry: LedgerApi.Entry): Receipt['balance'] {
  const { paidAfter: paid, grantedAfter: granted, heldAfter: held } = entry;
  const before = { paid: beforeEntry(entry, 'paid', paid), granted: beforeEntry(entry, 'granted', granted) };
  return { before, after: { paid, granted, held } };
}

function beforeEntry({ bookId, currency, postings }: LedgerApi.Entry, part: string, after: string): string {
  const account = `wallet:${bookId}:${part}`;
  return postings
    .reduce(
      (balance, { debit, credit, amount }) => {
        const moved = Money.of(amount, currency);
        if (debit === account) return balance.plus(moved);
        return credit === account ? balance.minus(moved) : balance;
      },
      Money.of(after, currency),
    )
    .toText();
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
