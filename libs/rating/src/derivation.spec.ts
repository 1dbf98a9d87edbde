import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type Derivation,
  derive,
  exactPrice,
  exactText,
  problemsOfDerivation,
  roundedPrice,
  roundingModes,
} from './derivation.ts';

const day = '2026-11-22';
const inputs = (changes: Partial<Derivation> = {}): Derivation => ({
  official: {
    ...{ currency: 'USD', asOf: day, source: 'the price page of the supplier' },
    ...{ rates: { input: '30', output: '60' }, unitPrices: {}, tiers: [], windows: [] },
  },
  fx: { rate: '7.1', asOf: day, source: 'central parity' },
  discount: { times: '1', dividedBy: '1' },
  rounding: { mode: 'half-up', decimals: 12 },
  ...changes,
});

describe('derive', () => {
  it('gives official price × exchange rate: $30 and $60 at 7.1 are ¥213 and ¥426', () => {
    expect(derive(inputs()).rates).toEqual({ input: '213', output: '426' });
  });

  it('keeps a discount as the ratio that it is: $2 at 7.1 ÷ 3.05', () => {
    const derivation = inputs({ discount: { times: '1', dividedBy: '3.05' } });
    const exact = exactPrice('2', derivation);
    // 14.2 ÷ 3.05 = 4.655737704918032…
    expect(exactText(exact)).toBe('4.655737704918…');
    expect(roundedPrice(exact, { mode: 'half-up', decimals: 4 })).toBe('4.6557');
    expect(roundedPrice(exact, { mode: 'up', decimals: 4 })).toBe('4.6558');
    expect(roundedPrice(exact, { mode: 'half-up', decimals: 0 })).toBe('5');
    expect(roundedPrice(exact, { mode: 'down', decimals: 0 })).toBe('4');
  });

  it.each([
    ['half-up', '0.5', '1'],
    ['half-even', '0.5', '0'],
    ['half-even', '1.5', '2'],
    ['half-up', '0.4', '0'],
    ['up', '0.000000000001', '1'],
    ['down', '0.999999999999', '0'],
  ] as const)('rounds %s: %s is %s', (mode, official, expected) => {
    const plain = inputs({ fx: { rate: '1', asOf: day, source: 'same currency' } });
    expect(roundedPrice(exactPrice(official, plain), { mode, decimals: 0 })).toBe(expected);
  });

  it('derives pieces, tiers and windows alike, and leaves thresholds and hours as they are', () => {
    const { official } = inputs();
    const derived = derive(
      inputs({
        official: {
          ...official,
          unitPrices: { image: '0.05' },
          tiers: [{ overInputTokens: 272_000, rates: { input: '60' } }],
          windows: [{ fromUtc: '01:00', toUtc: '04:00', rates: { output: '90' } }],
        },
      }),
    );
    expect(derived.unitPrices).toEqual({ image: '0.355' });
    expect(derived.tiers).toEqual([{ overInputTokens: 272_000, rates: { input: '426' } }]);
    expect(derived.windows).toEqual([{ fromUtc: '01:00', toUtc: '04:00', rates: { output: '639' } }]);
  });

  it('differs from the exact value by less than one last decimal, in the direction of its mode', () => {
    const figure = fc
      .bigInt({ min: 1n, max: 10n ** 9n })
      .map((count) => `${(count / 1_000n).toString()}.${(count % 1_000n).toString().padStart(3, '0')}`);
    fc.assert(
      fc.property(
        figure,
        figure,
        figure,
        fc.integer({ min: 0, max: 12 }),
        (official, rate, dividedBy, decimals) => {
          const exact = exactPrice(official, {
            fx: { rate, asOf: day, source: '' },
            discount: { times: '1', dividedBy },
          });
          const step = 10n ** BigInt(12 - decimals);
          for (const mode of roundingModes) {
            const units = unitsOf(roundedPrice(exact, { mode, decimals }));
            expect(units % step).toBe(0n);
            const off = units * exact.denominator - exact.numerator;
            const whole = step * exact.denominator;
            if (mode === 'up') expect(off >= 0n && off < whole).toBe(true);
            else if (mode === 'down') expect(off <= 0n && -off < whole).toBe(true);
            else expect(2n * (off < 0n ? -off : off) <= whole).toBe(true);
          }
        },
      ),
    );
  });
});

describe('problemsOfDerivation', () => {
  it('finds nothing wrong with usable inputs', () => {
    expect(problemsOfDerivation(inputs())).toEqual([]);
  });

  it('names every input that cannot be used', () => {
    const { official } = inputs();
    const bad = inputs({
      official: { ...official, rates: { input: '1e3' } },
      fx: { rate: '0.0', asOf: day, source: '' },
      discount: { times: '-1', dividedBy: '0' },
      rounding: { mode: 'up', decimals: 13 },
    });
    expect(problemsOfDerivation(bad)).toEqual([
      { code: 'invalid-price', field: 'derivation.official.rates.input', problem: 'not-a-decimal' },
      { code: 'invalid-price', field: 'derivation.discount.times', problem: 'not-a-decimal' },
      { code: 'zero-input', field: 'derivation.fx.rate' },
      { code: 'zero-input', field: 'derivation.discount.dividedBy' },
      { code: 'invalid-decimals', field: 'derivation.rounding.decimals' },
    ]);
  });
});

/** The text of a price as a count of 10⁻¹², by hand. */
function unitsOf(text: string): bigint {
  const [whole = '', decimals = ''] = text.split('.');
  return BigInt(whole + decimals.padEnd(12, '0'));
}
