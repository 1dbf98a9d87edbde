import { describe, expect, it } from '@jest/globals';
import { affordableOutputTokens, bound, type UsageBound } from './bound.ts';
import { type PriceTerms, type PriceVersion, twoRateFallback } from './price-version.ts';

const noon = '2026-11-22T12:00:00Z';
const version = (terms: Partial<PriceTerms>): PriceVersion => ({
  id: 'prv_1',
  rateCardId: 'standard',
  model: 'gpt-5.5',
  currency: 'CNY',
  effectiveFrom: '2026-11-01T00:00:00Z',
  rates: {},
  fallback: {},
  unitPrices: {},
  tiers: [],
  windows: [],
  ...terms,
});
const twoRates = version({ rates: { input: '2.5', output: '15' }, fallback: twoRateFallback });
const most = (usage: UsageBound, price: PriceVersion, at = noon) => {
  const bounded = bound(usage, price, at);
  return bounded.accepted ? bounded.events[0] : bounded.refusal;
};
const affordable = (available: string, inputTokensMax: number, price: PriceVersion) => {
  const answer = affordableOutputTokens(available, { inputTokensMax }, { version: price, at: noon });
  return answer.accepted ? answer.events[0] : answer.refusal;
};

describe('bound', () => {
  it('is the charge at the bound where there are two rates', () => {
    expect(most({ inputTokensMax: 3000, outputTokensMax: 800 }, twoRates)).toBe('0.0195');
    expect(most({ inputTokensMax: 0, outputTokensMax: 0 }, twoRates)).toBe('0');
  });

  it('takes the dearest input kind, cache writes included', () => {
    const cached = version({
      rates: { input: '10', cached_input: '1', cache_write_12h: '20', output: '50' },
    });
    expect(most({ inputTokensMax: 1_000_000, outputTokensMax: 1_000_000 }, cached)).toBe('70');
    const without = {
      inputTokensMax: 1_000_000,
      outputTokensMax: 0,
      kinds: ['input', 'cached_input'] as const,
    };
    expect(most(without, cached)).toBe('10');
  });

  it('takes the dearest tier that the input can reach, the cheaper ones below it included', () => {
    const tiered = version({
      rates: { input: '2', output: '10' },
      tiers: [
        { overInputTokens: 100, rates: { input: '4', output: '15' } },
        { overInputTokens: 1000, rates: { input: '1', output: '1' } },
      ],
    });
    expect(most({ inputTokensMax: 100, outputTokensMax: 0 }, tiered)).toBe('0.0002');
    expect(most({ inputTokensMax: 101, outputTokensMax: 0 }, tiered)).toBe('0.000404');
    expect(most({ inputTokensMax: 1001, outputTokensMax: 1 }, tiered)).toBe('0.004019');
  });

  it('takes the prices of the hour', () => {
    const byHour = version({
      rates: { input: '1', output: '1' },
      windows: [{ fromUtc: '01:00', toUtc: '04:00', rates: { input: '2' } }],
    });
    expect(most({ inputTokensMax: 1_000_000, outputTokensMax: 0 }, byHour)).toBe('1');
    expect(most({ inputTokensMax: 1_000_000, outputTokensMax: 0 }, byHour, '2026-11-22T01:00:00Z')).toBe('2');
  });

  it('adds the pieces that were asked for', () => {
    const images = version({ unitPrices: { image: '0.2', request: '0.01' } });
    expect(most({ inputTokensMax: 0, outputTokensMax: 0, units: { image: 4 } }, images)).toBe('0.81');
  });

  it('takes audio and images where the call carries them', () => {
    const audio = version({ rates: { input: '1', input_audio: '40', output: '2', output_audio: '80' } });
    const kinds = ['input', 'input_audio', 'output', 'output_audio'] as const;
    expect(most({ inputTokensMax: 1_000_000, outputTokensMax: 1_000_000, kinds }, audio)).toBe('120');
  });

  it('refuses before the call what has no price', () => {
    expect(most({ inputTokensMax: 5, outputTokensMax: 0 }, version({ rates: { output: '1' } }))).toEqual({
      code: 'unpriced-kind',
      kind: 'input',
      quantity: 5,
    });
    expect(
      most({ inputTokensMax: 0, outputTokensMax: 7, kinds: ['input_audio', 'output_audio'] }, twoRates),
    ).toEqual({
      code: 'unpriced-kind',
      kind: 'output_audio',
      quantity: 7,
    });
    expect(most({ inputTokensMax: 0, outputTokensMax: 7, kinds: ['input'] }, twoRates)).toMatchObject({
      code: 'unpriced-kind',
      kind: 'output',
    });
    expect(most({ inputTokensMax: 0, outputTokensMax: 0, units: { image: 1 } }, twoRates)).toMatchObject({
      code: 'unpriced-kind',
      kind: 'image',
    });
  });

  it('lets an embedding pass without an output price', () => {
    expect(
      most({ inputTokensMax: 1_000_000, outputTokensMax: 0 }, version({ rates: { input: '0.5' } })),
    ).toBe('0.5');
  });

  it.each([[-1], [0.5], [NaN], [2 ** 53]])('refuses a bound of %d', (quantity) => {
    const invalid = (kind: string) => ({ code: 'invalid-quantity', kind, quantity: String(quantity) });
    expect(most({ inputTokensMax: quantity, outputTokensMax: 0 }, twoRates)).toEqual(invalid('input'));
    expect(most({ inputTokensMax: 0, outputTokensMax: quantity }, twoRates)).toEqual(invalid('output'));
    expect(most({ inputTokensMax: 0, outputTokensMax: 0, units: { image: quantity } }, twoRates)).toEqual(
      invalid('image'),
    );
  });

  it('refuses a bound that no wallet could hold', () => {
    const half = version({ unitPrices: { image: '50000000000000000000' } });
    expect(most({ inputTokensMax: 0, outputTokensMax: 0, units: { image: 2 } }, half)).toEqual({
      code: 'charge-too-large',
    });
    const dear = version({ rates: { input: '99999999999999999999', output: '1' } });
    expect(most({ inputTokensMax: 1_000_001, outputTokensMax: 0 }, dear)).toEqual({
      code: 'charge-too-large',
    });
  });
});

describe('affordableOutputTokens', () => {
  it('is what is left after the input, in whole tokens', () => {
    expect(affordable('0.0195', 3000, twoRates)).toBe(800);
    expect(affordable('0.019499999999999999', 3000, twoRates)).toBe(799);
    expect(affordable('0.0075', 3000, twoRates)).toBe(0);
    expect(affordable('0.007499999999999999', 3000, twoRates)).toBe(0);
  });

  it('holds in every tier that the input can reach', () => {
    const tiered = version({
      rates: { input: '1', output: '1' },
      tiers: [{ overInputTokens: 100, rates: { output: '2' } }],
    });
    expect(affordable('0.0003', 100, tiered)).toBe(200);
    expect(affordable('0.000301', 101, tiered)).toBe(100);
  });

  it('counts the pieces', () => {
    const perRequest = version({ rates: { input: '1', output: '1' }, unitPrices: { request: '0.01' } });
    expect(affordable('0.010005', 0, perRequest)).toBe(5);
  });

  it('knows no limit where output is free', () => {
    expect(affordable('0', 0, version({ rates: { input: '1', output: '0' } }))).toBe(Number.MAX_SAFE_INTEGER);
    const tiny = version({ rates: { input: '1', output: '0.000000000001' } });
    expect(affordable('99999999999999999999', 0, tiny)).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('refuses for the same reasons as the bound', () => {
    expect(affordable('1', 1, version({ rates: { input: '1' } }))).toMatchObject({
      code: 'unpriced-kind',
      kind: 'output',
    });
    expect(affordable('1', -1, twoRates)).toMatchObject({ code: 'invalid-quantity' });
  });
});
