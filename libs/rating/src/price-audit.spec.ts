import { describe, expect, it } from '@jest/globals';
import { auditDerivation } from './price-audit.ts';
import type { Derivation } from './derivation.ts';

const day = '2026-11-22';

/** The inputs that a published table states, per million tokens. */
const inputs = (official: string, dividedBy: string): Derivation => ({
  official: {
    ...{ currency: 'USD', asOf: day, source: 'the table' },
    ...{ rates: { input: official }, unitPrices: {}, tiers: [], windows: [] },
  },
  fx: { rate: '7.1', asOf: day, source: 'the table' },
  discount: { times: '1', dividedBy },
  rounding: { mode: 'half-up', decimals: 0 },
});
const stated = (input: string) => ({ rates: { input }, unitPrices: {}, tiers: [], windows: [] });

describe('auditDerivation', () => {
  it('finds nothing where $60 × 7.1 is ¥426', () => {
    expect(auditDerivation(stated('426'), inputs('60', '1'))).toEqual([]);
  });

  it('reports ¥0.231 per 1,000 where $0.03 × 7.1 is ¥0.213, with what would explain it', () => {
    expect(auditDerivation(stated('231'), inputs('30', '1'))).toEqual([
      {
        ...{ field: 'rates.input', stated: '231', computed: '213', exact: '213' },
        formula: '30 × 7.1 × 1 ÷ 1',
        candidates: [
          { cause: 'other-exchange-rate', value: '7.7' },
          { cause: 'transposed-digits', value: '213' },
        ],
      },
    ]);
  });

  it('reports ¥0.004 per 1,000 where $0.002 × 7.1 ÷ 3.05 is ¥0.004655…; 3.55 or 6.1 or cutting off would give it', () => {
    expect(auditDerivation(stated('4'), inputs('2', '3.05'))).toEqual([
      {
        ...{ field: 'rates.input', stated: '4', computed: '5', exact: '4.655737704918…' },
        formula: '2 × 7.1 × 1 ÷ 3.05',
        candidates: [
          { cause: 'other-exchange-rate', value: '6.1' },
          { cause: 'other-divisor', value: '3.55' },
          { cause: 'other-rounding', value: 'down, 0 decimals' },
        ],
      },
    ]);
  });

  it('names a price that only one side has', () => {
    const both = { ...stated('213'), unitPrices: { image: '0.2' } };
    expect(auditDerivation(both, inputs('30', '1'))).toMatchObject([
      { field: 'unitPrices.image', stated: '0.2', computed: null, formula: 'no official price is stated' },
    ]);
    expect(auditDerivation({ ...stated('1'), rates: {} }, inputs('30', '1'))).toMatchObject([
      { field: 'rates.input', stated: '', computed: null, formula: 'the version has no such price' },
    ]);
  });
});
