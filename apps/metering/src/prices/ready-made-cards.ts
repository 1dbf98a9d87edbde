import { twoRateFallback } from '@app/rating';
import type { ProposedVersion } from './price-publication.ts';

/** Calls that are sent again from older traces find a price, too. */
const effectiveFrom = '2023-01-01T00:00:00Z';

const noTerms = {
  ...{ fallback: twoRateFallback, unitPrices: {}, tiers: [], windows: [] },
  ...{ basis: 'listed' as const, derivation: null, costs: [] },
};

/** The rate card `standard`: yuan per million tokens, the example rates of the price page. */
const standard: readonly ProposedVersion[] = [
  {
    ...noTerms,
    rateCardId: 'standard',
    model: 'gpt-5.5',
    currency: 'CNY',
    effectiveFrom,
    rates: { input: '2.5', output: '15' },
    limits: { contextTokens: 272_000, outputTokens: 128_000 },
  },
];

/**
 * The rate card `hk`, as its table lists it: ¥0.004, ¥0.231 and ¥0.426 per 1,000 tokens, here per million, and ¥0.2 per
 * image. At 10,000 credits to the yuan these are 0.04, 2.31 and 4.26 credits per token. Listed figures, not derived ones.
 */
const hk: readonly ProposedVersion[] = [
  {
    ...noTerms,
    rateCardId: 'hk',
    model: 'gpt-3.5-turbo',
    currency: 'CNY',
    effectiveFrom,
    rates: { input: '4', output: '4' },
    limits: { contextTokens: 16_385, outputTokens: 4_096 },
  },
  {
    ...noTerms,
    rateCardId: 'hk',
    model: 'gpt-4',
    currency: 'CNY',
    effectiveFrom,
    rates: { input: '231', output: '426' },
    limits: { contextTokens: 8_192, outputTokens: 8_192 },
  },
  {
    ...noTerms,
    rateCardId: 'hk',
    model: 'midjourney',
    currency: 'CNY',
    effectiveFrom,
    rates: {},
    fallback: {},
    unitPrices: { image: '0.2' },
    limits: null,
  },
];

/** Prices that a fresh installation begins with. */
export const readyMadeVersions: readonly ProposedVersion[] = [...standard, ...hk];
