import { createHash } from 'node:crypto';
import type { BankLine } from './bank-statement.ts';

/**
 * By which each movement of a file is known in another one. The bank's reference where it has one; else all that the bank
 * tells of it. Two movements that are alike in all of it both count: each has its place among its likes.
 */
export function fingerprintsOf(lines: readonly BankLine[]): readonly string[] {
  const seen = new Map<string, number>();
  return lines.map((line) => {
    const text = JSON.stringify(wordsOf(line));
    const place = seen.get(text) ?? 0;
    seen.set(text, place + 1);
    return createHash('sha256')
      .update(`${text}#${String(place)}`)
      .digest('hex');
  });
}

function wordsOf(line: BankLine): readonly (string | undefined)[] {
  const { direction, reference, bookedOn, partyAccount, partyName, memo } = line;
  const amount = line.amount.toString();
  if (reference !== undefined) return ['reference', reference, direction, amount];
  return ['line', bookedOn, direction, amount, partyAccount, partyName, memo, line.balanceAfter?.toString()];
}
