import { InvariantViolation } from '@app/decider';
import { describe, expect, it } from '@jest/globals';
import { findCurrency, minorUnitDigitsOf } from './currency.ts';

describe('findCurrency', () => {
  it.each([
    ['CNY', 2],
    ['USD', 2],
    ['JPY', 0],
    ['KWD', 3],
    ['CLF', 4],
  ])('finds %s with %d digits', (code, minorUnitDigits) => {
    expect(findCurrency(code)).toEqual({ code, minorUnitDigits });
    expect(minorUnitDigitsOf(code)).toBe(minorUnitDigits);
  });

  it.each(['cny', '', 'XYZ', 'CNY ', 'constructor'])('does not know %j', (code) => {
    expect(findCurrency(code)).toBeUndefined();
    expect(() => minorUnitDigitsOf(code)).toThrow(new InvariantViolation(`${code} is not a known currency`));
  });
});
