import { describe, expect, it } from '@jest/globals';
import { problemsOfPrice } from './price-problems.ts';
import { type PriceTerms, twoRateFallback } from './price-version.ts';

const terms: PriceTerms = {
  rates: { input: '2.5', output: '15' },
  fallback: {},
  unitPrices: {},
  tiers: [],
  windows: [],
};
const window = (fromUtc: string, toUtc: string) => ({ fromUtc, toUtc, rates: { input: '5' } });

describe('problemsOfPrice', () => {
  it('lets two rates with their fallback pass', () => {
    expect(problemsOfPrice({ ...terms, fallback: twoRateFallback })).toEqual([]);
  });

  it('lets unit prices, tiers and windows pass', () => {
    expect(
      problemsOfPrice({
        rates: { input: '0', cached_input: '0.004655737705' },
        fallback: {},
        unitPrices: { image: '0.2' },
        tiers: [
          { overInputTokens: 0, rates: { output: '1' } },
          { overInputTokens: 272_000, rates: { output: '2' } },
        ],
        windows: [window('00:00', '01:00'), window('01:00', '02:00'), window('22:00', '00:00')],
      }),
    ).toEqual([]);
    expect(problemsOfPrice({ ...terms, windows: [window('00:00', '24:00')] })).toEqual([]);
  });

  it('refuses terms that price nothing', () => {
    expect(problemsOfPrice({ ...terms, rates: {} })).toEqual([{ code: 'nothing-priced', field: 'rates' }]);
  });

  it.each([
    ['0.0000000000001', 'too-many-decimals'],
    ['-1', 'not-a-decimal'],
    ['1e-6', 'not-a-decimal'],
    ['', 'empty'],
    [undefined, 'empty'],
    ['100000000000000000000', 'too-many-integer-digits'],
  ])('refuses the price %j wherever it stands', (price, problem) => {
    const found = problemsOfPrice({
      rates: { input: price },
      fallback: {},
      unitPrices: { image: price },
      tiers: [{ overInputTokens: 1, rates: { input: price } }],
      windows: [{ fromUtc: '01:00', toUtc: '02:00', rates: { output: price } }],
    });
    const fields = ['unitPrices.image', 'rates.input', 'tiers.0.rates.input', 'windows.0.rates.output'];
    expect(found).toEqual(fields.map((field) => ({ code: 'invalid-price', field, problem })));
  });

  it('refuses kinds that nobody knows', () => {
    const bad = { tokens: '1' };
    expect(problemsOfPrice({ ...terms, rates: bad as object, unitPrices: bad as object })).toEqual([
      { code: 'unknown-kind', field: 'unitPrices.tokens' },
      { code: 'unknown-kind', field: 'rates.tokens' },
    ]);
  });

  it.each([
    [{ cached_input: 'cache_write', cache_write: 'cached_input' }, 'fallback-cycle', 2],
    [{ cached_input: 'cached_input' }, 'fallback-cycle', 1],
    [{ input_audio: 'input_image' }, 'fallback-unpriced', 1],
    [{ input_audio: '__proto__' }, 'unknown-kind', 1],
    [{ tokens: 'input' }, 'unknown-kind', 1],
  ])('refuses the fallback %j as %s', (fallback, code, times) => {
    const found = problemsOfPrice({ ...terms, fallback: fallback as object });
    expect(found.map((problem) => problem.code)).toEqual(Array.from({ length: times }, () => code));
    expect(found[0]?.field).toBe(`fallback.${Object.keys(fallback)[0] ?? ''}`);
  });

  it.each([[-1], [1.5], [NaN], [2 ** 53]])('refuses a tier over %d tokens', (overInputTokens) => {
    expect(problemsOfPrice({ ...terms, tiers: [{ overInputTokens, rates: {} }] })).toEqual([
      { code: 'invalid-threshold', field: 'tiers.0.overInputTokens' },
    ]);
  });

  it('refuses tiers that do not ascend', () => {
    const tiers = [2, 1, 1].map((overInputTokens) => ({ overInputTokens, rates: {} }));
    expect(problemsOfPrice({ ...terms, tiers })).toEqual([
      { code: 'tiers-not-ascending', field: 'tiers.1.overInputTokens' },
      { code: 'tiers-not-ascending', field: 'tiers.2.overInputTokens' },
    ]);
  });

  it.each([
    ['24:00', '01:00', 'invalid-hour', 'windows.0.fromUtc'],
    ['1:00', '02:00', 'invalid-hour', 'windows.0.fromUtc'],
    ['01:00', '24:01', 'invalid-hour', 'windows.0.toUtc'],
    ['01:00', '01:00', 'empty-window', 'windows.0'],
  ])('refuses hours from %s to %s', (fromUtc, toUtc, code, field) => {
    expect(problemsOfPrice({ ...terms, windows: [window(fromUtc, toUtc)] })).toEqual([{ code, field }]);
  });

  it('refuses hours that overlap, midnight included', () => {
    const wholeDay = [window('00:00', '24:00'), window('12:00', '13:00')];
    const overlap = [{ code: 'windows-overlap', field: 'windows.1' }];
    expect(problemsOfPrice({ ...terms, windows: wholeDay })).toEqual(overlap);
    expect(
      problemsOfPrice({ ...terms, windows: [window('01:00', '04:00'), window('03:59', '05:00')] }),
    ).toEqual(overlap);
    expect(
      problemsOfPrice({ ...terms, windows: [window('23:00', '01:00'), window('00:30', '00:31')] }),
    ).toEqual(overlap);
  });

  it('refuses a kind with two prices at once, by tier and by hour', () => {
    const tiers = [{ overInputTokens: 272_000, rates: { input: '5' } }];
    expect(problemsOfPrice({ ...terms, tiers, windows: [window('01:00', '04:00')] })).toEqual([
      { code: 'ambiguous-rate', field: 'windows.0.rates.input' },
    ]);
  });
});
