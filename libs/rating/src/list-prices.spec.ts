import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Usage } from './kinds.ts';
import { type PriceVersion, type Rates, twoRateFallback } from './price-version.ts';
import { rate } from './rate.ts';

/**
 * List prices of well-known models in USD per million tokens, as four packages carry them (MIT), and what a call costs by
 * hand: 1,000 fresh, 300 cached, 200 written, 100 written for an hour, 50 out; embeddings have no output.
 * For gpt-5: (1.25 × 1000 + 0.125 × 300 + 1.25 × 300 + 10 × 50) ÷ 10⁶ = 0.0021625.
 */
const handWorked: readonly (readonly [model: string, rates: Rates, amount: string])[] = [
  ['gpt-4', { input: '30', output: '60' }, '0.051'],
  ['gpt-4-turbo', { input: '10', output: '30' }, '0.0175'],
  ['gpt-3.5-turbo', { input: '0.5', output: '1.5' }, '0.000875'],
  ['gpt-4o-mini', { input: '0.15', output: '0.6', cached_input: '0.075' }, '0.0002475'],
  ['gpt-4.1', { input: '2', output: '8', cached_input: '0.5' }, '0.00315'],
  ['gpt-4.1-mini', { input: '0.4', output: '1.6', cached_input: '0.1' }, '0.00063'],
  ['o1', { input: '15', output: '60', cached_input: '7.5' }, '0.02475'],
  ['o3', { input: '2', output: '8', cached_input: '0.5' }, '0.00315'],
  ['o3-mini', { input: '1.1', output: '4.4', cached_input: '0.55' }, '0.001815'],
  ['gpt-5', { input: '1.25', output: '10', cached_input: '0.125' }, '0.0021625'],
  ['gpt-5-mini', { input: '0.25', output: '2', cached_input: '0.025' }, '0.0004325'],
  ['gpt-5-nano', { input: '0.05', output: '0.4', cached_input: '0.005' }, '0.0000865'],
  ['gpt-5.2', { input: '1.75', output: '14', cached_input: '0.175' }, '0.0030275'],
  ['gpt-5.4', { input: '2.5', output: '15', cached_input: '0.25' }, '0.004075'],
  ['gpt-5.4-mini', { input: '0.75', output: '4.5', cached_input: '0.075' }, '0.0012225'],
  ['gpt-6-sol', { input: '2', output: '10', cached_input: '0.2', cache_write: '2.5' }, '0.00331'],
  ['gpt-6-luna', { input: '0.1', output: '0.5', cached_input: '0.01', cache_write: '0.125' }, '0.0001655'],
  ['gpt-6-astra', { input: '10', output: '50', cached_input: '1', cache_write: '12.5' }, '0.01655'],
  ['text-embedding-3-large', { input: '0.13' }, '0.000208'],
  ['text-embedding-ada-002', { input: '0.1' }, '0.00016'],
  [
    'claude-haiku-4-5',
    { input: '1', output: '5', cached_input: '0.1', cache_write: '1.25', cache_write_1h: '2' },
    '0.00173',
  ],
  [
    'claude-sonnet-5',
    { input: '2', output: '10', cached_input: '0.2', cache_write: '2.5', cache_write_1h: '4' },
    '0.00346',
  ],
  [
    'claude-opus-4-5',
    { input: '5', output: '25', cached_input: '0.5', cache_write: '6.25', cache_write_1h: '10' },
    '0.00865',
  ],
  [
    'claude-opus-5',
    { input: '5', output: '25', cached_input: '0.5', cache_write: '6.25', cache_write_1h: '10' },
    '0.00865',
  ],
  ['gemini-2.5-pro', { input: '1.25', output: '10', cached_input: '0.125' }, '0.0021625'],
  ['gemini-2.5-flash', { input: '0.3', output: '2.5', cached_input: '0.03' }, '0.000524'],
  ['gemini-2.5-flash-lite', { input: '0.1', output: '0.4', cached_input: '0.01' }, '0.000153'],
  ['kimi-k2.6', { input: '0.95', output: '4', cached_input: '0.16' }, '0.001483'],
  ['mistral-large-2512', { input: '0.5', output: '1.5', cached_input: '0.05' }, '0.00074'],
  ['mistral-medium-3-5', { input: '1.5', output: '7.5', cached_input: '0.15' }, '0.00237'],
  ['glm-5.2', { input: '1.4', output: '4.4', cached_input: '0.26' }, '0.002118'],
];

/** Long-context tiers: what 100 tokens of output cost with the whole threshold, and with one token of input more. */
const tiers: readonly (readonly [model: string, over: number, rates: Rates, at: string, above: string])[] = [
  ['gpt-5.4', 272000, { input: '5', output: '22.5', cached_input: '0.5' }, '0.6815', '1.362255'],
  [
    'gpt-6-sol',
    272000,
    { input: '4', output: '15', cached_input: '0.4', cache_write: '5' },
    '0.545',
    '1.089504',
  ],
  [
    'gpt-6-luna',
    272000,
    { input: '0.2', output: '0.75', cached_input: '0.02', cache_write: '0.25' },
    '0.02725',
    '0.0544752',
  ],
  [
    'gpt-6-astra',
    272000,
    { input: '20', output: '75', cached_input: '2', cache_write: '25' },
    '2.725',
    '5.44752',
  ],
  ['gemini-2.5-pro', 200000, { input: '2.5', output: '15', cached_input: '0.25' }, '0.251', '0.5015025'],
];

const noon = '2026-11-22T12:00:00Z';
const usage = (tokens: Usage['tokens']): Usage => ({
  tokens,
  units: {},
  source: 'upstream',
  estimated: false,
});
const ratesOf = (model: string): Rates => handWorked.find(([name]) => name === model)?.[1] ?? {};

const version = (rates: Rates, tier: PriceVersion['tiers'] = []): PriceVersion => ({
  ...{
    id: 'prv_1',
    rateCardId: 'list',
    model: 'any',
    currency: 'USD',
    effectiveFrom: '2026-01-01T00:00:00Z',
  },
  ...{ rates, fallback: twoRateFallback, unitPrices: {}, tiers: tier, windows: [] },
});

const amountOf = (tokens: Usage['tokens'], priced: PriceVersion) => {
  const rated = rate(usage(tokens), priced, noon);
  return rated.accepted ? rated.events[0].amount : rated.refusal;
};

describe('rate on list prices', () => {
  it.each(handWorked)('%s at %j costs %s', (_, rates, amount) => {
    const tokens = { input: 1000, cached_input: 300, cache_write: 200, cache_write_1h: 100 };
    expect(amountOf(rates.output === undefined ? tokens : { ...tokens, output: 50 }, version(rates))).toBe(
      amount,
    );
  });

  it.each(tiers)(
    '%s reprices the whole call above %i tokens of input, output too',
    (model, over, rates, at, above) => {
      const priced = version(ratesOf(model), [{ overInputTokens: over, rates }]);
      expect(amountOf({ input: over, output: 100 }, priced)).toBe(at);
      expect(amountOf({ input: over + 1, output: 100 }, priced)).toBe(above);
      // Cached tokens are input as well: they take a call over the threshold.
      const cached = amountOf({ input: over, cached_input: 1, output: 100 }, priced);
      expect(cached).toBe(
        amountOf({ input: over, cached_input: 1, output: 100 }, version({ ...ratesOf(model), ...rates })),
      );
    },
  );

  const path = join(import.meta.dirname, '../../../../shared/data/list-prices.json');
  const hasFile = existsSync(path);
  const compares = hasFile ? it : it.skip;
  const why = hasFile ? '' : ' (skipped: the file is not beside the repository; the table above was checked)';

  compares(`are those of list-prices.json${why}`, () => {
    const file = JSON.parse(readFileSync(path, 'utf8')) as ListPrices;
    const agreed = file.models.filter(({ agree }) => agree);
    expect(agreed.map(({ model, usd_per_mtok }) => [model, usd_per_mtok])).toEqual(
      handWorked.map(([model, rates]) => [model, rates]),
    );
    const long = agreed.flatMap(({ model, long_context_tiers_usd_per_mtok: found = [] }) =>
      found.map(({ input_tokens_over, ...rates }) => [model, input_tokens_over, rates]),
    );
    expect(long).toEqual(tiers.map(([model, over, rates]) => [model, over, rates]));
  });
});

interface ListPrices {
  readonly models: readonly {
    readonly model: string;
    readonly agree: boolean;
    readonly usd_per_mtok: Rates;
    readonly long_context_tiers_usd_per_mtok?: readonly ({ readonly input_tokens_over: number } & Rates)[];
  }[];
}
