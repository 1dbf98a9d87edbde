import { z } from 'zod';
import { AmountText, Code, CurrencyCode, PriceText, Quantity } from './text.ts';

/** Disjoint token kinds: the kinds of one call add up to all its tokens; reasoning lies inside `output`. */
export const TokenKind = z.enum([
  'input',
  'cached_input',
  'cache_write',
  'cache_write_1h',
  'cache_write_12h',
  'input_audio',
  'cached_input_audio',
  'input_image',
  'cached_input_image',
  'output',
  'output_audio',
  'output_image',
]);
export type TokenKind = z.infer<typeof TokenKind>;

/** What is priced by the piece. */
export const UnitKind = z.enum(['image', 'second', 'request']);
export type UnitKind = z.infer<typeof UnitKind>;

/** Token counts by kind; a kind that is absent is zero. */
export const TokenCounts = z.partialRecord(TokenKind, Quantity);
export type TokenCounts = z.infer<typeof TokenCounts>;

/** Piece counts by unit. */
export const UnitCounts = z.partialRecord(UnitKind, Quantity);

/** Where the counts come from: the upstream, our own count, our count of a part, the caller of RecordUsage, or a person. */
export const UsageSource = z.enum(['upstream', 'counted', 'counted_partial', 'recorded', 'corrected']);

/** Who wrote a usage body, and in which of its forms; each has a normaliser of the same name. */
export const UsageFamily = z.enum([
  'openai-chat',
  'openai-embeddings',
  'openai-responses',
  'openai-images',
  'anthropic',
  'google',
  'bedrock',
  'azure',
  'groq',
  'mistral',
  'deepseek',
  'openrouter',
  'xai',
  'cohere',
]);
export type UsageFamily = z.infer<typeof UsageFamily>;

/** A provider's usage body as it came, as JSON text. */
export const RawUsage = z.string().max(16_384);

/** What was seen of an answer while it passed, to check the provider's word against. */
export const SeenAnswer = z.strictObject({
  outputText: z.boolean().describe('Text, a tool call or a refusal was delivered.'),
  images: Quantity.optional().describe('How many images were delivered.'),
  inputTokensMax: Quantity.optional().describe('The most tokens that the request can have had.'),
});
export type SeenAnswer = z.infer<typeof SeenAnswer>;

/** The usage of one call in disjoint buckets. */
export const Usage = z.strictObject({
  tokens: TokenCounts,
  units: UnitCounts,
  source: UsageSource,
  estimated: z.boolean().describe('True where no exact tokenizer of the model is public.'),
});
export type Usage = z.infer<typeof Usage>;

/** One line of a charge: quantity × unit price ÷ per, exact. */
export const ChargeLine = z.strictObject({
  kind: z.union([TokenKind, UnitKind]),
  quantity: Quantity,
  unitPrice: PriceText,
  per: z.enum(['1000000', '1']).describe('Token prices are per million, unit prices per piece.'),
  amount: AmountText,
});
export type ChargeLine = z.infer<typeof ChargeLine>;

/** Prices of one version: token rates per million tokens, unit prices per piece. */
export const PriceTerms = z.strictObject({
  rates: z.partialRecord(TokenKind, PriceText),
  fallback: z
    .partialRecord(TokenKind, TokenKind)
    .describe('Which kind’s rate serves a kind without one, said explicitly.'),
  unitPrices: z.partialRecord(UnitKind, PriceText),
  tiers: z
    .array(z.strictObject({ overInputTokens: Quantity, rates: z.partialRecord(TokenKind, PriceText) }))
    .max(8)
    .describe('Strictly greater; the whole call is repriced.'),
  windows: z
    .array(
      z.strictObject({
        fromUtc: z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/),
        toUtc: z.string().regex(/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/),
        rates: z.partialRecord(TokenKind, PriceText),
      }),
    )
    .max(8)
    .describe('Chosen by the admission instant, in UTC.'),
});
export type PriceTerms = z.infer<typeof PriceTerms>;

const Figure = PriceText.describe('A decimal of at most 12 decimals.');
const Day = z.iso.date();
const Origin = z
  .string()
  .regex(
    /^[\p{L}\p{N}][^\p{C}]{0,199}$/u,
    'must say where the figure is from, beginning with a letter or digit',
  );

/** What prices follow from: official price × exchange rate × times ÷ dividedBy, rounded once at publication. */
export const PriceDerivation = z.strictObject({
  official: z.strictObject({
    currency: CurrencyCode,
    asOf: Day.describe('The day on which the official price was read.'),
    source: Origin,
    rates: PriceTerms.shape.rates.default({}),
    unitPrices: PriceTerms.shape.unitPrices.default({}),
    tiers: PriceTerms.shape.tiers.default([]),
    windows: PriceTerms.shape.windows.default([]),
  }),
  fx: z
    .strictObject({ rate: Figure, asOf: Day, source: Origin })
    .describe(
      'What one unit of the official currency costs in the currency of the card; 1 where they are the same.',
    ),
  discount: z
    .strictObject({ times: Figure.default('1'), dividedBy: Figure.default('1') })
    .default({ times: '1', dividedBy: '1' })
    .describe('A ratio: one third is divided by 3.'),
  rounding: z
    .strictObject({
      mode: z.enum(['half-up', 'half-even', 'up', 'down']),
      decimals: z.int().min(0).max(12).describe('Of a price per million tokens, or per piece.'),
    })
    .default({ mode: 'half-up', decimals: 12 }),
});
export type PriceDerivation = z.infer<typeof PriceDerivation>;

/** Whether prices follow from their inputs by our own arithmetic, or are listed and the inputs only stated beside them. */
export const PriceBasis = z.enum(['listed', 'derived']);
export type PriceBasis = z.infer<typeof PriceBasis>;

/** Where a call came in. */
export const Endpoint = Code;
