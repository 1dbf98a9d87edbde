import { InvariantViolation } from '@app/decider';
import { Money, type Plan, toCredits } from '@app/money';
import { describe, expect, it } from '@jest/globals';
import type { TokenCounts, UnitCounts, Usage } from './kinds.ts';
import { type PriceTerms, type PriceVersion, twoRateFallback } from './price-version.ts';
import { type Charge, rate, recompute } from './rate.ts';
import { versionAt } from './version-at.ts';

const noon = '2026-11-22T12:00:00Z';
const hkCredit: Plan = { code: 'hk-credit', unit: 'credit', creditsPer: { credits: '10000', amount: '1' } };

const version = (terms: Partial<PriceTerms>, effectiveFrom = '2026-11-01T00:00:00Z'): PriceVersion => ({
  id: `prv_${effectiveFrom}`,
  rateCardId: 'standard',
  model: 'gpt-5.5',
  currency: 'CNY',
  effectiveFrom,
  rates: {},
  fallback: {},
  unitPrices: {},
  tiers: [],
  windows: [],
  ...terms,
});
const usage = (tokens: TokenCounts, units: UnitCounts = {}): Usage => ({
  tokens,
  units,
  source: 'upstream',
  estimated: false,
});
const charge = (used: Usage, price: PriceVersion, at = noon): Charge => {
  const rated = rate(used, price, at);
  if (!rated.accepted) throw new Error(rated.refusal.code);
  return rated.events[0];
};
const refusal = (used: Usage, price: PriceVersion) => {
  const rated = rate(used, price, noon);
  return rated.accepted ? undefined : rated.refusal;
};
const twoRates = version({ rates: { input: '2.5', output: '15' }, fallback: twoRateFallback });

describe('the arithmetic of the price lists', () => {
  it('charges 3,000 × 2.5 ÷ 10⁶ + 800 × 15 ÷ 10⁶ = 0.0195 exactly', () => {
    expect(charge(usage({ input: 3000, output: 800 }), twoRates)).toEqual({
      amount: '0.0195',
      currency: 'CNY',
      lines: [
        { kind: 'input', quantity: 3000, unitPrice: '2.5', per: '1000000', amount: '0.0075' },
        { kind: 'output', quantity: 800, unitPrice: '15', per: '1000000', amount: '0.012' },
      ],
      priceVersionId: 'prv_2026-11-01T00:00:00Z',
      tierOverInputTokens: null,
    });
  });

  it.each([
    ['gpt-4 input at ¥0.231 per 1,000', '231', '2.31'],
    ['gpt-4 output at ¥0.426 per 1,000', '426', '4.26'],
    ['gpt-3.5-turbo at ¥0.004 per 1,000', '4', '0.04'],
  ])('charges a token of %s: ¥%s per million are %s credits', (_, perMillion, credits) => {
    const { amount } = charge(usage({ input: 1 }), version({ rates: { input: perMillion } }));
    expect(toCredits(Money.of(amount, 'CNY'), hkCredit)).toEqual({ credits, rounding: 'exact' });
  });

  it('charges a gpt-4 call at 2.31 and 4.26 credits per token', () => {
    const gpt4 = version({ rates: { input: '231', output: '426' } });
    const { amount } = charge(usage({ input: 1000, output: 500 }), gpt4);
    expect(amount).toBe('0.444');
    expect(toCredits(Money.of(amount, 'CNY'), hkCredit).credits).toBe((2310 + 2130).toString());
  });

  it('charges ¥0.2 per Midjourney image', () => {
    expect(charge(usage({}, { image: 4 }), version({ unitPrices: { image: '0.2' } }))).toMatchObject({
      amount: '0.8',
      lines: [{ kind: 'image', quantity: 4, unitPrice: '0.2', per: '1', amount: '0.8' }],
    });
  });

  it('charges each of two calls around a price change at its own price', () => {
    const before = version({ rates: { input: '2.5' } });
    const after = version({ rates: { input: '3' } }, '2026-11-22T08:00:00Z');
    const chargeAt = (at: string) =>
      charge(usage({ input: 1_000_000 }), versionAt([before, after], at) ?? before, at);
    expect(chargeAt('2026-11-22T07:59:59.999999Z')).toMatchObject({
      amount: '2.5',
      priceVersionId: before.id,
    });
    expect(chargeAt('2026-11-22T08:00:00Z')).toMatchObject({ amount: '3', priceVersionId: after.id });
  });

  it('charges the smallest price and the largest exactly', () => {
    expect(charge(usage({ input: 1 }), version({ rates: { input: '0.000000000001' } })).amount).toBe(
      '0.000000000000000001',
    );
    expect(
      charge(usage({ input: 9_007_199_254_740_991 }), version({ rates: { input: '99.999999999999' } }))
        .amount,
    ).toBe('900719925474.090092800745259009');
  });
});

describe('rate', () => {
  it('lists disjoint kinds in one order, each at its own rate or that of its fallback', () => {
    const cached = version({
      rates: { input: '10', cached_input: '1', cache_write: '12.5', output: '50' },
      fallback: twoRateFallback,
    });
    const used = usage({ output: 10, cache_write_12h: 2, cache_write_1h: 3, cached_input: 100, input: 5 });
    expect(charge(used, cached).lines.map((line) => [line.kind, line.unitPrice, line.amount])).toEqual([
      ['input', '10', '0.00005'],
      ['cached_input', '1', '0.0001'],
      ['cache_write_1h', '12.5', '0.0000375'],
      ['cache_write_12h', '12.5', '0.000025'],
      ['output', '50', '0.0005'],
    ]);
  });

  it('charges nothing for nothing, with no line', () => {
    expect(charge(usage({ input: 0, output: 0 }), twoRates)).toMatchObject({ amount: '0', lines: [] });
    expect(charge(usage({ input_audio: 0 }), twoRates).lines).toEqual([]);
    expect(charge(usage({ input: undefined }), twoRates).lines).toEqual([]);
  });

  it('is free only on purpose', () => {
    expect(charge(usage({ input: 5 }), version({ rates: { input: '0.00' } })).lines).toEqual([
      { kind: 'input', quantity: 5, unitPrice: '0', per: '1000000', amount: '0' },
    ]);
    expect(refusal(usage({ input: 1, input_audio: 7 }), twoRates)).toEqual({
      code: 'unpriced-kind',
      kind: 'input_audio',
      quantity: 7,
    });
    expect(refusal(usage({ input: 1 }, { image: 1 }), twoRates)).toEqual({
      code: 'unpriced-kind',
      kind: 'image',
      quantity: 1,
    });
  });

  it('counts a call as one request unless it says otherwise', () => {
    const perRequest = version({ rates: { input: '1' }, unitPrices: { request: '0.01' } });
    expect(charge(usage({ input: 1_000_000 }), perRequest).amount).toBe('1.01');
    expect(charge(usage({}, { request: 10 }), perRequest).amount).toBe('0.1');
    expect(charge(usage({}, { request: 0 }), perRequest).amount).toBe('0');
    expect(refusal(usage({}, { request: 1 }), twoRates)).toMatchObject({
      code: 'unpriced-kind',
      kind: 'request',
    });
  });

  it.each([[-1], [0.5], [NaN], [Infinity], [2 ** 53]])('refuses %d tokens', (quantity) => {
    expect(refusal(usage({ input: quantity }), twoRates)).toEqual({
      code: 'invalid-quantity',
      kind: 'input',
      quantity: String(quantity),
    });
    expect(refusal(usage({}, { second: quantity }), twoRates)).toMatchObject({ code: 'invalid-quantity' });
  });

  it('refuses kinds that nobody knows, even without a quantity', () => {
    expect(refusal(usage({ total: 0 } as object), twoRates)).toEqual({ code: 'unknown-kind', kind: 'total' });
    expect(refusal(usage({}, { page: 3 } as object), twoRates)).toEqual({
      code: 'unknown-kind',
      kind: 'page',
    });
  });

  it('refuses a charge that no wallet could hold', () => {
    const dear = version({ unitPrices: { image: '99999999999999999999' } });
    expect(charge(usage({}, { image: 1 }), dear).amount).toBe('99999999999999999999');
    const half = version({ unitPrices: { image: '50000000000000000000' } });
    expect(refusal(usage({}, { image: 2 }), half)).toEqual({ code: 'charge-too-large' });
    expect(refusal(usage({}, { image: 2 }), dear)).toEqual({ code: 'charge-too-large' });
    expect(refusal(usage({}, { image: 9_007_199_254_740_991 }), dear)).toEqual({ code: 'charge-too-large' });
  });

  it.each([
    [271_999, null, '679.9975'],
    [272_000, null, '680'],
    [272_001, 272_000, '1360.005'],
    [500_001, 500_000, '5000.01'],
  ])(
    'reprices the whole call strictly above a tier: %d input tokens',
    (input, tierOverInputTokens, amount) => {
      const tiered = version({
        rates: { input: '2500', cached_input: '2500', output: '0' },
        tiers: [
          { overInputTokens: 272_000, rates: { input: '5000', cached_input: '5000', output: '1' } },
          { overInputTokens: 500_000, rates: { input: '10000', cached_input: '10000' } },
        ],
      });
      expect(charge(usage({ input: input - 1000, cached_input: 1000 }), tiered)).toMatchObject({
        amount,
        tierOverInputTokens,
      });
    },
  );

  it('reprices the output of a long call too, and falls back within the tier', () => {
    const tiered = version({
      rates: { input: '2', output: '10' },
      fallback: twoRateFallback,
      tiers: [{ overInputTokens: 10, rates: { input: '4', output: '15' } }],
    });
    const lines = charge(usage({ cached_input: 11, output: 1 }), tiered).lines;
    expect(lines.map((line) => line.unitPrice)).toEqual(['4', '15']);
  });

  it.each([
    ['2026-11-22T00:59:59.999999Z', '1'],
    ['2026-11-22T01:00:00Z', '2'],
    ['2026-11-22T03:59:59.999Z', '2'],
    ['2026-11-22T04:00:00Z', '1'],
    ['2026-11-22T22:00:00Z', '3'],
    ['2026-11-23T00:29:59Z', '3'],
    ['2026-11-23T00:30:00Z', '1'],
    ['2026-11-22T12:00:00Z', '1'],
  ])('charges by the hour of admission: %s', (at, amount) => {
    const byHour = version({
      rates: { input: '1' },
      windows: [
        { fromUtc: '01:00', toUtc: '04:00', rates: { input: '2' } },
        { fromUtc: '22:00', toUtc: '00:30', rates: { input: '3' } },
      ],
    });
    expect(charge(usage({ input: 1_000_000 }), byHour, at).amount).toBe(amount);
  });

  it('charges until midnight where a window ends at 24:00', () => {
    const evening = version({
      rates: { input: '1' },
      windows: [{ fromUtc: '23:00', toUtc: '24:00', rates: { input: '2' } }],
    });
    expect(charge(usage({ input: 1_000_000 }), evening, '2026-11-22T23:59:59.999999Z').amount).toBe('2');
    expect(charge(usage({ input: 1_000_000 }), evening, '2026-11-23T00:00:00Z').amount).toBe('1');
  });

  it('holds a version that could not have been published for a bug', () => {
    const broken = version({ rates: { input: '0.0000000000001' } });
    expect(() => rate(usage({ input: 1 }), broken, noon)).toThrow(InvariantViolation);
  });
});

describe('recompute', () => {
  it('gives the amount of a charge from its lines', () => {
    const { lines } = charge(usage({ input: 3000, output: 800 }), twoRates);
    expect(recompute(lines)).toBe('0.0195');
    expect(recompute([{ quantity: 3, unitPrice: '0.2', per: '1' }])).toBe('0.6');
    expect(recompute([])).toBe('0');
  });
});
