import { InvariantViolation } from '@app/decider';
import { describe, expect, it } from '@jest/globals';
import { InvalidAmount } from './amount-text.ts';
import { Money } from './money.ts';
import { Units18 } from './units18.ts';

const yuan = (text: string) => Money.of(text, 'CNY');
const largest = '99999999999999999999.999999999999999999';

describe('Money', () => {
  it.each([
    ['0.019500000000000000', '0.0195'],
    ['-0', '0'],
    ['-0.00', '0'],
    ['100', '100'],
    ['0.000000000000000001', '0.000000000000000001'],
    ['-0.000000000000000001', '-0.000000000000000001'],
    [largest, largest],
    [`-${largest}`, `-${largest}`],
  ])('writes %s as %s', (read, written) => {
    expect(yuan(read).toText()).toBe(written);
  });

  it('keeps ¥123,456,789.01 less 10⁻¹⁸ exact', () => {
    expect(yuan('123456789.01').minus(yuan('0.000000000000000001')).toText()).toBe(
      '123456789.009999999999999999',
    );
    expect(
      yuan('123456789.01').minus(yuan('0.000000000000000001')).plus(yuan('0.000000000000000001')),
    ).toEqual(yuan('123456789.01'));
  });

  it('adds what floats cannot', () => {
    expect(yuan('0.1').plus(yuan('0.2')).toText()).toBe('0.3');
    expect(Money.sum([yuan('90071992547409.93'), yuan('0.01')], 'CNY').toText()).toBe('90071992547409.94');
    expect(Money.sum([], 'JPY')).toEqual(Money.zero('JPY'));
  });

  it('refuses a text that is no amount, with the reason', () => {
    expect(() => yuan('1e2')).toThrow(new InvalidAmount('not-a-decimal'));
    expect(() => yuan('1').times('1e2')).toThrow(new InvalidAmount('not-a-decimal'));
  });

  it('multiplies by integers and by decimal text', () => {
    expect(yuan('0.0000025').times(3000n).toText()).toBe('0.0075');
    expect(yuan('7.14').times('1.05').toText()).toBe('7.497');
    expect(yuan('7.14').times(-1n)).toEqual(yuan('-7.14'));
  });

  it('refuses a product that could not be exact', () => {
    expect(() => yuan('0.000000000000000001').times('0.1')).toThrow(
      new InvariantViolation('an amount has at most 18 decimals'),
    );
  });

  it('refuses an amount beyond twenty digits', () => {
    expect(() => yuan(largest).plus(yuan('0.000000000000000001'))).toThrow(
      new InvariantViolation('an amount has at most 20 digits before the point'),
    );
  });

  it('never mixes two currencies', () => {
    const mixed = new InvariantViolation('CNY and USD never meet');
    const dollar = Money.of('1', 'USD');
    expect(() => yuan('1').plus(dollar)).toThrow(mixed);
    expect(() => yuan('1').minus(dollar)).toThrow(mixed);
    expect(() => yuan('1').compare(dollar)).toThrow(mixed);
    expect(() => yuan('1').min(dollar)).toThrow(mixed);
    expect(yuan('1').equals(dollar)).toBe(false);
  });

  it('knows no currency that is not in the table', () => {
    expect(() => Money.zero('XYZ')).toThrow(new InvariantViolation('XYZ is not a known currency'));
  });

  it('compares', () => {
    expect(yuan('1').compare(yuan('1.00'))).toBe(0);
    expect(yuan('1').compare(yuan('1.000000000000000001'))).toBe(-1);
    expect(yuan('1').compare(yuan('-2'))).toBe(1);
    expect(yuan('1').equals(yuan('1.0'))).toBe(true);
    expect(yuan('1').equals(yuan('1.1'))).toBe(false);
    expect(yuan('1').min(yuan('2')).toText()).toBe('1');
    expect(yuan('3').min(yuan('2')).toText()).toBe('2');
  });

  it('knows its sign', () => {
    expect([yuan('-0').isZero(), yuan('0').isPositive(), yuan('0').isNegative()]).toEqual([
      true,
      false,
      false,
    ]);
    expect([yuan('1').isZero(), yuan('1').isPositive(), yuan('1').isNegative()]).toEqual([
      false,
      true,
      false,
    ]);
    expect([yuan('-1').isZero(), yuan('-1').isPositive(), yuan('-1').isNegative()]).toEqual([
      false,
      false,
      true,
    ]);
    expect(yuan('0').negate()).toEqual(yuan('0'));
  });

  it.each([
    ['12.345678', 'CNY', '12.34', '0.005678', '12.35', '0.004322'],
    ['12.34', 'CNY', '12.34', '0', '12.34', '0'],
    ['0.000000000000000001', 'CNY', '0', '0.000000000000000001', '0.01', '0.009999999999999999'],
    ['-0.001', 'CNY', '-0.01', '0.009', '0', '0.001'],
    ['12.5', 'JPY', '12', '0.5', '13', '0.5'],
    ['12.3456', 'KWD', '12.345', '0.0006', '12.346', '0.0004'],
  ])('rounds %s %s down to %s (%s left) and up to %s (%s added)', (text, currency, down, left, up, added) => {
    const amount = Money.of(text, currency);
    expect(amount.floorToMinor()).toEqual({
      rounded: Money.of(down, currency),
      residue: Money.of(left, currency),
    });
    expect(amount.ceilToMinor()).toEqual({
      rounded: Money.of(up, currency),
      residue: Money.of(added, currency),
    });
  });

  it('goes to fixed point and back', () => {
    expect(yuan('0.0195').toUnits()).toBe(19_500_000_000_000_000n);
    expect(Money.ofUnits(Units18.of(19_500_000_000_000_000n), 'CNY')).toEqual(yuan('0.0195'));
  });

  it('is text on the wire', () => {
    expect(JSON.stringify({ charge: yuan('0.0195') })).toBe(
      '{"charge":{"amount":"0.0195","currency":"CNY"}}',
    );
    expect(`${yuan('0.0195').toString()} or ${String(yuan('0.0195'))}`).toBe('0.0195 CNY or 0.0195 CNY');
  });

  it('refuses to be compared by an operator, which would compare texts', () => {
    expect(() => yuan('9') < yuan('10')).toThrow(
      new InvariantViolation('money is compared and added by its own methods'),
    );
  });
});
