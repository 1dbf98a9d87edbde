/** Crockford's digits: without the letters that are taken for digits. Each is an element of the field of 32. */
const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const randomLength = 8;
const length = 2 + randomLength + 1;

/** What a code stands for: a customer's money that comes in, or a payout of ours. */
export type CodePrefix = 'TP' | 'PY';

/** Doubles in the field of 32 (x⁵ + x² + 1): with it the check digit finds every wrong digit and every swap of neighbours. */
const doubled = (value: number): number => (value << 1 < 32 ? value << 1 : (value << 1) ^ 0b100101);

function checkDigitOf(text: string): string {
  const sum = Array.from(text).reduce((so, digit) => doubled(so ^ digits.indexOf(digit)), 0);
  return digits[sum] ?? '';
}

/** A code for the memo of a bank transfer: its prefix, eight digits of these bytes, and a check digit. */
export function remittanceCodeOf(random: Uint8Array, prefix: CodePrefix = 'TP'): string {
  const text = Array.from({ length: randomLength }, (_, at) => digits[(random[at] ?? 0) % 32]).join('');
  return `${prefix}${text}${checkDigitOf(text)}`;
}

/** True where the check digit fits. */
export function isRemittanceCode(text: string, prefix: CodePrefix = 'TP'): boolean {
  const body = text.slice(prefix.length, -1);
  const isWritten =
    text.startsWith(prefix) && Array.from(text.slice(prefix.length)).every((one) => digits.includes(one));
  return isWritten && text.length === length && checkDigitOf(body) === text.at(-1);
}

/** The valid codes in a memo, however people and banks mangled it: width, case, spaces, punctuation, O for 0, I for 1. */
export function codesIn(memo: string, prefix: CodePrefix = 'TP'): readonly string[] {
  const text = memo
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '')
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1');
  const starts = [...text.matchAll(new RegExp(prefix, 'g'))].map(({ index }) => index);
  const found = starts
    .map((start) => text.slice(start, start + length))
    .filter((code) => isRemittanceCode(code, prefix));
  return [...new Set(found)];
}
