import type { MeteringApi } from '@app/contracts';
import { inputKinds, outputKinds } from '@app/rating';
import { z } from 'zod';

const Counts = z.record(z.string(), z.int());

/** Money as customers read it. */
export const Amount = z.object({
  value: z.string().describe('Exact, as text.'),
  currency: z.string(),
});

/** What was used, and what it cost. */
export const tokenFigures = {
  input_tokens: z.int().describe('All that went in, cached ones too.'),
  output_tokens: z.int(),
  tokens: Counts.describe('By kind; kinds are disjoint.'),
  units: Counts.describe('Images, seconds and requests where they are priced.'),
  amount: Amount,
  credits: z.string().describe('The amount in credits of your plan, for display.'),
};

type Figured = Pick<MeteringApi.CallLine, 'tokens' | 'units' | 'charge' | 'credits'>;

/** A call that is not charged has no charge at metering; to its customer it cost nothing, in the wallet's currency. */
export function figuresOf({ tokens, units, charge, credits }: Figured, currency: string) {
  const counts = numbers(tokens);
  return {
    input_tokens: sumOf(counts, inputKinds),
    output_tokens: sumOf(counts, outputKinds),
    tokens: counts,
    units: numbers(units),
    amount: { value: charge === '' ? '0' : charge, currency },
    credits: credits === '' ? '0' : credits,
  };
}

/** 64-bit integers cross gRPC as text; counts of one customer stay far below 2⁵³. */
export const numbers = (counts: Readonly<Record<string, number | string>>): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).map(([kind, count]) => [kind, Number(count)]));

/** The sum of these kinds; one that is absent is zero. */
export const sumOf = (counts: Readonly<Record<string, number>>, kinds: readonly string[]): number =>
  kinds.reduce((sum, kind) => sum + (counts[kind] ?? 0), 0);

/** How OpenAI says whether a page follows. */
export const paging = (nextCursor: string) => ({
  has_more: nextCursor !== '',
  next_page: orNull(nextCursor),
});

/** What gRPC says with an empty text is null in JSON. */
export const orNull = (text: string): string | null => (text === '' ? null : text);

/** An instant in seconds since 1970. */
export const secondsOf = (instant: string): number => Math.floor(Date.parse(instant) / 1_000);
