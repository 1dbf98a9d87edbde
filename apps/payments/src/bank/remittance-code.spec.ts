import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { codesIn, isRemittanceCode, remittanceCodeOf } from './remittance-code.ts';

const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const aCode = fc.uint8Array({ minLength: 8, maxLength: 8 }).map(remittanceCodeOf);
const wide = (text: string) =>
  Array.from(text)
    .map((one) => String.fromCharCode(one.charCodeAt(0) + 0xfee0))
    .join('');
const spaced = (text: string) => Array.from(text).join(' ');

/** What banks and people make of a code. */
const manglings: readonly ((code: string) => string)[] = [
  (code) => code,
  (code) => code.toLowerCase(),
  wide,
  spaced,
  (code) => `充值 ${code}。`,
  (code) => `/INV/2026-11/${code}/REF`,
  (code) => `${code.slice(0, 5)}-${code.slice(5)}`,
  (code) => code.replaceAll('0', 'O'),
  (code) => code.replaceAll('1', 'l'),
  (code) => code.replaceAll('1', 'I'),
];

describe('a remittance code', () => {
  it('is TP, eight digits and a check digit', () => {
    expect(remittanceCodeOf(new Uint8Array(8))).toBe('TP000000000');
    expect(remittanceCodeOf(Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]))).toMatch(/^TP12345678[0-9A-Z]$/);
  });

  it('is found in a memo however it was mangled', () => {
    fc.assert(
      fc.property(aCode, fc.constantFrom(...manglings), (code, mangle) => {
        expect(codesIn(mangle(code))).toEqual([code]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is refused with any one digit wrong', () => {
    fc.assert(
      fc.property(
        aCode,
        fc.integer({ min: 2, max: 10 }),
        fc.constantFrom(...Array.from(digits)),
        (code, at, digit) => {
          fc.pre(code[at] !== digit);
          expect(isRemittanceCode(code.slice(0, at) + digit + code.slice(at + 1))).toBe(false);
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it('is refused with two neighbours swapped', () => {
    fc.assert(
      fc.property(aCode, fc.integer({ min: 2, max: 9 }), (code, at) => {
        fc.pre(code[at] !== code[at + 1]);
        const swapped = `${code.slice(0, at)}${code[at + 1] ?? ''}${code[at] ?? ''}${code.slice(at + 2)}`;
        expect(isRemittanceCode(swapped)).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(['', 'TP', 'TP12345678', 'XX000000000', 'TPU00000000', '谢谢', 'STOP'])('is not %j', (text) => {
    expect(codesIn(text)).toEqual([]);
  });

  it('is told apart from a second one in the same memo', () => {
    const [one, other] = [
      remittanceCodeOf(new Uint8Array(8).fill(3)),
      remittanceCodeOf(new Uint8Array(8).fill(9)),
    ];
    expect(codesIn(`${one} ${other} ${one}`)).toEqual([one, other]);
  });
});
