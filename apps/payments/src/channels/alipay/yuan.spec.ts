import { describe, expect, it } from '@jest/globals';
import { yuanOf, YuanText } from './yuan.ts';

const fen = (minor: bigint) => ({ minor, currency: 'CNY' });

describe('yuanOf', () => {
  it.each([
    [1n, '0.01'],
    [100n, '1.00'],
    [8_880n, '88.80'],
    [9_007_199_254_740_993n, '90071992547409.93'],
  ])('writes %s fen as %s', (minor, text) => {
    expect(yuanOf(fen(minor))).toBe(text);
    expect(YuanText.parse(text)).toEqual(fen(minor));
  });
});

describe('YuanText', () => {
  it.each([
    ['1', 100n],
    ['1.5', 150n],
    ['0', 0n],
  ])('reads %s as %s fen', (text, minor) => {
    expect(YuanText.parse(text)).toEqual(fen(minor));
  });

  it.each(['1.001', '1e2', '-1', '', '１.00', '1.', '.5', ' 1', '1,000'])('refuses %s', (text) => {
    expect(YuanText.safeParse(text).success).toBe(false);
  });
});
