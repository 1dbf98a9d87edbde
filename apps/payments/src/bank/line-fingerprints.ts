import { createHash } from 'node:crypto';
import type { BankLine } from './bank-statement.ts';

/**
 * By which each movement of a statement is known in another file. The bank's reference where it has one, with the day and
 * the balances, for some banks give one reference to all parts of a batch; else all that the bank tells of it. Two movements
 * that are alike in all of it both count: each has its place among its likes, which `seen` carries through a file of several
 * statements.
 */
export function fingerprintsOf(
  lines: readonly BankLine[],
  seen = new Map<string, number>(),
): readonly string[] {
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
  const [amount, balance] = [line.amount.toString(), line.balanceAfter?.toString()];
  if (reference !== undefined) return ['reference', reference, bookedOn, direction, amount, balance];
  return ['line', bookedOn, direction, amount, partyAccount, partyName, memo, balance];
}
