import { describe, expect, it } from '@jest/globals';
import { Books } from '../test/books.ts';
import { charge, correct, setPlan, topUp } from '../test/commands.ts';
import { canonicalText } from './canonical.ts';
import { openLotsMax } from './checks.ts';
import { standingCharge } from './standing-charge.ts';

/** What a message takes of the bytes of an entry, in base64; see the contract of EntryRecorded. */
const base64Max = 1_048_576;
const longestId = (count: number): string => `top_${count.toString()}_`.padEnd(128, 'x');
const longAmount = '1234567890123456.123456789012345678';

/** A wallet with as many open lots as there may be, with the longest ids and amounts. */
function aCrowdedWallet(): Books {
  const books = new Books();
  books.post('cus_1', setPlan());
  for (let count = 0; count < openLotsMax; count += 1)
    books.post('cus_1', topUp(longestId(count), longAmount));
  return books;
}

const base64LengthOf = (entry: Parameters<typeof canonicalText>[0]): number =>
  Math.ceil(canonicalText(entry).length / 3) * 4;

describe('an entry fits a message', () => {
  it('where a charge takes from as many lots as may be open', () => {
    const books = aCrowdedWallet();
    const [entry] = books.post('cus_1', charge('call_1', '2469135780246912246.9135780246913'));
    expect(entry).toMatchObject({ kind: 'charge' });
    expect(standingCharge('call_1', books.entries)?.lots.length).toBe(openLotsMax);
    expect(entry && base64LengthOf(entry)).toBeLessThan(base64Max);
  });

  it('where a correction opens four hundred lots again and takes from all', () => {
    const books = aCrowdedWallet();
    const fourHundred = '493827156049382449.3827156049382712';
    books.post('cus_1', charge('call_1', fourHundred));
    const standing = standingCharge('call_1', books.entries);
    if (standing === undefined) throw new Error('it was charged');
    expect(standing.lots.length).toBe(400);
    const endedLots = standing.lots.map(({ topUpId, amount }, at) => ({
      ...{ topUpId, channel: 'c'.repeat(64), openedBy: at + 2, amount, used: amount },
      ...{ refunded: 0n, reserved: 0n, remaining: 0n, sent: amount },
    })) as never[];
    const [entry] = books.post(
      'cus_1',
      correct('call_1', '2469135780246912246.9135780246913', { ...standing, endedLots }),
    );
    expect(entry).toMatchObject({ kind: 'correction' });
    expect(entry && base64LengthOf(entry)).toBeLessThan(base64Max);
  });

  it('because a charge that more lots paid is not corrected but compensated', () => {
    const books = aCrowdedWallet();
    books.post('cus_1', charge('call_1', '493827156049382449.4'));
    const standing = standingCharge('call_1', books.entries);
    if (standing === undefined) throw new Error('it was charged');
    expect(books.refusal('cus_1', correct('call_1', '1', standing))).toEqual({
      ...{ code: 'too-many-lots', lots: 401, lotsMax: 400 },
    });
  });
});
