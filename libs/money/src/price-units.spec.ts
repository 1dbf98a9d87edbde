import { InvariantViolation } from '@app/decider';
import { describe, expect, it } from '@jest/globals';
import { InvalidAmount } from './amount-text.ts';
import { PriceUnits } from './price-units.ts';

describe('PriceUnits', () => {
  it.each([
    ['2.5', 2_500_000_000_000n, '2.5'],
    ['0.000000000001', 1n, '0.000000000001'],
    ['0', 0n, '0'],
    ['15.000000000000', 15_000_000_000_000n, '15'],
  ])('reads %s as %s and writes it as %s', (text, units, written) => {
    expect(PriceUnits.fromText(text)).toBe(units);
    expect(PriceUnits.toText(PriceUnits.fromText(text))).toBe(written);
  });

  it('refuses a thirteenth decimal instead of cutting it', () => {
    expect(() => PriceUnits.fromText('0.0000000000001')).toThrow(new InvalidAmount('too-many-decimals'));
  });

  it('names the problem without throwing', () => {
    expect(PriceUnits.problemOf('2.5')).toBeUndefined();
    expect(PriceUnits.problemOf('-2.5')).toBe('not-a-decimal');
    expect(PriceUnits.problemOf('0.0000000000001')).toBe('too-many-decimals');
  });

  it('refuses a price below zero', () => {
    expect(() => PriceUnits.fromText('-1')).toThrow(new InvalidAmount('not-a-decimal'));
    expect(() => PriceUnits.toText(-1n as PriceUnits)).toThrow(
      new InvariantViolation('a price is never negative'),
    );
  });
});
