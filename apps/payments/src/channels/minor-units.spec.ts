import { describe, expect, it } from '@jest/globals';
import { Money } from '@app/money';
import { fromMinor, sameMoney, toMinor } from './minor-units.ts';

describe('minor units', () => {
  it.each([
    ['0', 'CNY', 0n],
    ['0.01', 'CNY', 1n],
    ['0.1', 'CNY', 10n],
    ['1', 'CNY', 100n],
    ['50', 'CNY', 5_000n],
    ['123456789.01', 'CNY', 12_345_678_901n],
    ['90071992547409.93', 'CNY', 9_007_199_254_740_993n],
    ['1200', 'JPY', 1_200n],
  ])('of %s %s are %s, there and back', (amount, currency, minor) => {
    expect(toMinor(Money.of(amount, currency))).toEqual({ minor, currency });
    expect(fromMinor({ minor, currency }).toText()).toBe(amount);
  });

  it('refuse a fraction of one, which is a bug by now', () => {
    expect(() => toMinor(Money.of('0.001', 'CNY'))).toThrow('whole minor units');
    expect(() => toMinor(Money.of('0.5', 'JPY'))).toThrow('whole minor units');
  });

  it('are the same only in the same currency', () => {
    expect(sameMoney({ minor: 1n, currency: 'CNY' }, { minor: 1n, currency: 'CNY' })).toBe(true);
    expect(sameMoney({ minor: 1n, currency: 'CNY' }, { minor: 1n, currency: 'USD' })).toBe(false);
    expect(sameMoney({ minor: 1n, currency: 'CNY' }, { minor: 2n, currency: 'CNY' })).toBe(false);
  });
});
