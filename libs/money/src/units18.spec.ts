import { InvariantViolation } from '@app/decider';
import { describe, expect, it } from '@jest/globals';
import { Units18 } from './units18.ts';

const of = (text: string) => Units18.fromText(text);
const beyond = 10n ** 38n;

describe('Units18', () => {
  it('reads and writes the one text form', () => {
    expect(Units18.toText(of('0.019500000000000000'))).toBe('0.0195');
    expect(Units18.toText(of('-99999999999999999999.999999999999999999'))).toBe(
      '-99999999999999999999.999999999999999999',
    );
  });

  it('adds, subtracts, multiplies, negates', () => {
    expect(Units18.add(of('0.1'), of('0.2'))).toBe(of('0.3'));
    expect(Units18.subtract(of('0.1'), of('0.2'))).toBe(of('-0.1'));
    expect(Units18.times(of('0.0000025'), 3000n)).toBe(of('0.0075'));
    expect(Units18.negate(of('0.1'))).toBe(of('-0.1'));
    expect(Units18.sum([of('1'), of('2'), of('-0.5')])).toBe(of('2.5'));
    expect(Units18.sum([])).toBe(Units18.zero);
  });

  it('compares', () => {
    expect(Units18.compare(of('1'), of('2'))).toBe(-1);
    expect(Units18.compare(of('2'), of('2.0'))).toBe(0);
    expect(Units18.compare(of('2'), of('1'))).toBe(1);
    expect([Units18.min(of('1'), of('2')), Units18.min(of('2'), of('1'))]).toEqual([of('1'), of('1')]);
    expect([Units18.max(of('1'), of('2')), Units18.max(of('2'), of('1'))]).toEqual([of('2'), of('2')]);
  });

  it('rounds only to the minor unit of a known currency', () => {
    expect(Units18.floorToMinor(of('12.345678'), 'CNY')).toEqual({
      rounded: of('12.34'),
      residue: of('0.005678'),
    });
    expect(Units18.ceilToMinor(of('12.345678'), 'CNY')).toEqual({
      rounded: of('12.35'),
      residue: of('0.004322'),
    });
    expect(Units18.floorToMinor(of('-0.001'), 'CNY')).toEqual({ rounded: of('-0.01'), residue: of('0.009') });
    expect(Units18.ceilToMinor(of('12'), 'JPY')).toEqual({ rounded: of('12'), residue: of('0') });
    expect(() => Units18.floorToMinor(of('1'), 'XYZ')).toThrow(InvariantViolation);
  });

  it.each([beyond, -beyond])('holds at most twenty integer digits: %s is a bug', (units) => {
    expect(() => Units18.of(units)).toThrow(InvariantViolation);
    expect(() => Units18.toText(units as Units18)).toThrow(
      'an amount has at most 20 digits before the point',
    );
    expect(Units18.of(beyond - 1n)).toBe(beyond - 1n);
  });
});
