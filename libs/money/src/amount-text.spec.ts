import { describe, expect, it } from '@jest/globals';
import { InvalidAmount, problemOfAmount, readFixedPoint, writeFixedPoint } from './amount-text.ts';

const price = { decimalsMax: 12 };
const amount = { decimalsMax: 18 };

describe('problemOfAmount', () => {
  it.each([
    '0',
    '1',
    '1.0',
    '1.00',
    '-1',
    '-0',
    '0.000000000000000001',
    '99999999999999999999.999999999999999999',
    '-99999999999999999999.999999999999999999',
  ])('reads %s', (text) => {
    expect(problemOfAmount(text)).toBeUndefined();
  });

  it.each([
    ['', 'empty'],
    [' 1', 'not-a-decimal'],
    ['1 ', 'not-a-decimal'],
    ['1\n', 'not-a-decimal'],
    ['1e2', 'not-a-decimal'],
    ['1E-2', 'not-a-decimal'],
    ['NaN', 'not-a-decimal'],
    ['Infinity', 'not-a-decimal'],
    ['-', 'not-a-decimal'],
    ['0x10', 'not-a-decimal'],
    ['+1', 'not-a-decimal'],
    ['--1', 'not-a-decimal'],
    ['01', 'not-a-decimal'],
    ['.5', 'not-a-decimal'],
    ['5.', 'not-a-decimal'],
    ['1,000', 'not-a-decimal'],
    ['1_000', 'not-a-decimal'],
    ['1.2.3', 'not-a-decimal'],
    ['１.00', 'not-a-decimal'],
    ['٣', 'not-a-decimal'],
    ['¥1', 'not-a-decimal'],
    ['0.0000000000000000001', 'too-many-decimals'],
    ['1.0000000000000000000', 'too-many-decimals'],
    ['100000000000000000000', 'too-many-integer-digits'],
    ['-100000000000000000000.5', 'too-many-integer-digits'],
    ['9'.repeat(65), 'too-long'],
  ])('refuses %j as %s', (text, problem) => {
    expect(problemOfAmount(text)).toBe(problem);
  });

  it('refuses ten thousand digits without reading them', () => {
    const huge = '9'.repeat(10_000);
    const started = process.hrtime.bigint();
    let refused = 0;
    for (let turn = 0; turn < 10_000; turn += 1) if (problemOfAmount(huge) === 'too-long') refused += 1;
    expect(refused).toBe(10_000);
    expect(process.hrtime.bigint() - started).toBeLessThan(2_000_000_000n);
  });
});

describe('readFixedPoint', () => {
  it.each([
    ['0', 0n],
    ['-0', 0n],
    ['2.5', 2_500_000_000_000n],
    ['-2.5', -2_500_000_000_000n],
    ['-0.000000000001', -1n],
    ['0.004655737705', 4_655_737_705n],
  ])('reads %s at twelve decimals', (text, units) => {
    expect(readFixedPoint(text, price)).toBe(units);
  });

  it('refuses with the closed reason and a sentence', () => {
    expect(() => readFixedPoint('0.0046557377049', price)).toThrow(new InvalidAmount('too-many-decimals'));
    expect(() => readFixedPoint('ten', price)).toThrow(
      'an amount is written in plain digits, such as "0.0195"',
    );
  });
});

describe('writeFixedPoint', () => {
  it.each([
    [0n, '0'],
    [1n, '0.000000000000000001'],
    [-1n, '-0.000000000000000001'],
    [19_500_000_000_000_000n, '0.0195'],
    [100n * 10n ** 18n, '100'],
    [-7_140_000_000_000_000_000n, '-7.14'],
  ])('writes %s in the one text form', (units, text) => {
    expect(writeFixedPoint(units, amount)).toBe(text);
  });

  it('writes integers where there are no decimals', () => {
    expect(writeFixedPoint(1200n, { decimalsMax: 0 })).toBe('1200');
  });
});
