import { createHash } from 'node:crypto';
import { InvariantViolation } from '@app/decider';
import { describe, expect, it } from '@jest/globals';
import { Books, hoursAfterNoon } from '../test/books.ts';
import {
  charge,
  closeOut,
  compensate,
  correct,
  endWait,
  expire,
  extend,
  externalRefund,
  fee,
  feeReturned,
  grant,
  hold,
  itemFailed,
  itemPaid,
  keyBudget,
  refund,
  release,
  rounding,
  setPlan,
  settle,
  settlement,
  suspenseIn,
  suspenseOut,
  suspenseReturned,
  takeOver,
  topUp,
  upstreamBill,
  upstreamCost,
  waitingCharge,
} from '../test/commands.ts';
import {
  canonicalBytes,
  canonicalText,
  canonicalVersion,
  readCanonicalBytes,
  readCanonicalText,
} from './canonical.ts';
import { type Entry, type EntryKind, memoFields, parseEntryKind } from './entry.ts';
import { standingCharge } from './standing-charge.ts';

/** One entry of each kind, at least. */
function everyKind(): readonly Entry[] {
  const books = new Books();
  const standing = (chargeId: string) => {
    const found = standingCharge(chargeId, books.entries);
    if (found === undefined) throw new Error(`${chargeId} was not charged`);
    return found;
  };
  books.post('cus_1', setPlan());
  books.post('cus_1', takeOver('1.5', '0.25'));
  books.post('cus_1', topUp('top_1', '100'));
  books.post('cus_1', hold('hold_1', '8', { limits: [keyBudget('50')] }));
  books.post('cus_1', extend('hold_1', '0.5'));
  books.post('cus_1', settle('hold_1', '0.0195'));
  books.post('cus_1', hold('hold_2', '8'));
  books.post('cus_1', release('hold_2'));
  books.post('cus_1', hold('hold_3', '8'));
  books.post('cus_1', expire('hold_3'));
  books.post('cus_1', settle('hold_3', '1.4805'));
  books.post('cus_1', waitingCharge('call_4', '101'));
  books.post('cus_1', topUp('top_2', '1'));
  books.post('cus_1', waitingCharge('call_5', '101'));
  books.post('cus_1', endWait('call_5'));
  books.post('cus_1', topUp('top_3', '50.12'));
  books.post('cus_1', refund('ref_1', '10.129'));
  books.post('cus_1', itemPaid('ref_1.1', '10.12'));
  books.post('cus_1', charge('call_6', '3.004322'));
  books.post('cus_1', closeOut('ref_2'));
  books.post('cus_1', itemFailed('ref_2.1', '37'));
  const ended = [...books.book('cus_1').takeChanges().lots.values()];
  books.post('cus_1', externalRefund('top_1', '2', ended));
  books.post('cus_1', grant('grant_1', '5'));
  books.post('cus_1', compensate('call_6', '1', standing('call_6')));
  books.post('cus_1', correct('call_6', '2', standing('call_6')));
  books.post('platform:suspense:0', suspenseIn('sus_1', '500'));
  books.post('cus_1', suspenseOut('sus_1', 'top_4', '499'));
  books.post('platform:suspense:0', suspenseReturned('sus_1', '1'));
  books.post('cus_1', fee('fee_1', '0.6'));
  books.post('cus_1', feeReturned('fee_1', '0.24'));
  books.post('platform:settlement:0', settlement('set_1', '60.64'));
  books.post('platform:upstream:0', upstreamCost('cost_1', '3.85'));
  books.post('platform:upstream:0', upstreamBill('bill_1', '3.85', '3.9'));
  books.post('platform:settlement:0', rounding('rnd_1', 'loss', '0.006'));
  return books.entries;
}

const entries = everyKind();

function firstOf(kind: EntryKind): Entry {
  const entry = entries.find((one) => one.kind === kind);
  if (entry === undefined) throw new Error(`no ${kind}`);
  return entry;
}

/** Written once and never changed: a verifier of today must agree with one of any other day. */
const golden: Readonly<Partial<Record<EntryKind, string>>> = {
  'plan-set':
    '1:1,5:cus_1,1:1,8:plan-set,7:event-1,22:fingerprint-of-event-1,3:CNY,27:2026-11-22T04:00:00.000000Z,27:2026-11-22T05:00:00.000000Z,10:2026-11-22,0:,25:10:usd-credit,1:1,4:7.14,,',
  'top-up':
    '1:1,5:cus_1,1:3,6:top-up,7:event-3,22:fingerprint-of-event-3,3:CNY,27:2026-11-22T04:00:00.000000Z,27:2026-11-22T05:00:00.000000Z,10:2026-11-22,54:50:19:clearing:wechat-pay,17:wallet:cus_1:paid,3:100,,,46:5:top_1,10:wechat-pay,3:100,14:provider-top_1,,',
  hold: '1:1,5:cus_1,1:4,4:hold,7:event-4,22:fingerprint-of-event-4,3:CNY,27:2026-11-22T04:00:00.000000Z,27:2026-11-22T05:00:00.000000Z,10:2026-11-22,0:,117:6:hold_1,1:8,27:2026-11-22T06:00:00.000000Z,18:14:call-of-hold_1,,8:5:key_1,,0:,33:29:15:key:key_1:month,7:2026-11,,,,',
  settle:
    '1:1,5:cus_1,1:6,6:settle,7:event-6,22:fingerprint-of-event-6,3:CNY,27:2026-11-22T04:00:00.000000Z,27:2026-11-22T05:00:00.000000Z,10:2026-11-22,62:58:20:wallet:cus_1:granted,21:revenue:usage:granted,6:0.0195,,,121:6:hold_1,14:call-of-hold_1,8:5:key_1,,8:5:prv_1,,3:8.5,6:0.0195,6:0.0195,1:0,1:0,0:,33:29:15:key:key_1:month,7:2026-11,,,,',
  'refund-reserved':
    '1:1,5:cus_1,2:18,15:refund-reserved,8:event-17,23:fingerprint-of-event-17,3:CNY,27:2026-11-22T04:00:00.000000Z,27:2026-11-22T05:00:00.000000Z,10:2026-11-22,52:48:17:wallet:cus_1:paid,15:refunds:pending,5:10.12,,,105:5:ref_1,6:amount,5:10.12,1:0,72:68:7:ref_1.1,5:top_3,10:wechat-pay,5:10.12,1:0,20:16:5:top_3,5:10.12,,,,,,',
  correction:
    '1:1,5:cus_1,2:26,10:correction,8:event-25,23:fingerprint-of-event-25,3:CNY,27:2026-11-22T04:00:00.000000Z,27:2026-11-22T05:00:00.000000Z,10:2026-11-22,109:54:18:revenue:usage:paid,17:wallet:cus_1:paid,8:3.004322,,47:17:wallet:cus_1:paid,18:revenue:usage:paid,1:2,,,131:6:call_6,11:wrong-price,57:8:3.004322,1:0,8:3.004322,1:0,23:19:5:top_3,8:3.004322,,,,36:1:2,1:0,1:2,1:0,16:12:5:top_3,1:2,,,,0:,0:,,',
  'upstream-bill-paid':
    '1:1,19:platform:upstream:0,1:2,18:upstream-bill-paid,8:event-33,23:fingerprint-of-event-33,3:CNY,27:2026-11-22T04:00:00.000000Z,27:2026-11-22T05:00:00.000000Z,10:2026-11-22,108:51:23:payable:upstream:openai,13:clearing:bank,4:3.85,,49:21:expense:fx-difference,13:clearing:bank,4:0.05,,,38:6:bill_1,6:openai,4:bank,4:3.85,3:3.9,,',
};

/** SHA-256 of the canonical texts of all kinds, in the order above. */
const goldenHash = '03bf735f8248bdc74c4bceab75f610b227c7510b1640713c384ff6c88bd0870b';

describe('canonicalText', () => {
  it('covers every kind of entry', () => {
    expect(new Set(entries.map(({ kind }) => kind))).toEqual(new Set(Object.keys(memoFields)));
  });

  it.each(Object.entries(golden))('writes %s as it always did', (kind, text) => {
    expect(canonicalText(firstOf(kind as EntryKind))).toBe(text);
  });

  it('writes every kind as it always did', () => {
    const text = entries.map(canonicalText).join('\n');
    expect(createHash('sha256').update(text).digest('hex')).toBe(goldenHash);
  });

  it.each(
    entries.map((entry) => [`${entry.bookId}/${entry.version.toString()} ${entry.kind}`, entry] as const),
  )('of %s is read back to the same entry', (_, entry) => {
    expect(readCanonicalText(canonicalText(entry))).toEqual(entry);
    expect(readCanonicalBytes(canonicalBytes(entry))).toEqual(entry);
  });

  it('has as many bytes as characters, whatever is in it', () => {
    const entry = {
      ...firstOf('grant'),
      eventId: '事件-é-\u{1f4b0}',
      recordedAt: hoursAfterNoon(5),
    } as Entry;
    expect(canonicalBytes(entry).length).toBe(canonicalText(entry).length);
    expect(readCanonicalBytes(canonicalBytes(entry))).toEqual(entry);
  });

  it('differs where any digit, any id or any time differs', () => {
    const entry = firstOf('top-up');
    const [first] = entry.postings;
    if (first === undefined) throw new Error('no posting');
    const others: readonly object[] = [
      { version: entry.version + 1 },
      { bookId: 'cus_2' },
      { eventId: 'other' },
      { fingerprint: 'other' },
      { currency: 'USD' },
      { occurredAt: entry.occurredAt + 1 },
      { recordedAt: entry.recordedAt + 1 },
      { accountingDate: '2026-11-23' },
      { postings: [{ ...first, amount: first.amount + 1n }] },
      { postings: [] },
      { memo: { ...entry.memo, providerReference: 'other' } },
    ];
    const texts = others.map((other) => canonicalText({ ...entry, ...other }));
    expect(new Set([canonicalText(entry), ...texts]).size).toBe(others.length + 1);
  });
});

describe('readCanonicalText', () => {
  const text = canonicalText(firstOf('top-up'));

  it.each([
    ['nothing', ''],
    ['a field too few', text.slice(0, text.lastIndexOf(',', text.length - 2))],
    ['another version', text.replace('1:1,', '1:2,')],
    ['an unknown kind', text.replace('6:top-up,', '6:top-xx,')],
    ['an account outside the chart', text.replace('19:clearing:wechat-pay', '19:clearinx:wechat-pay')],
    ['a version of an entry with a leading zero', text.replace('1:3,', '2:03,')],
  ])('refuses %s', (_, changed) => {
    expect(changed).not.toBe(text);
    expect(() => readCanonicalText(changed)).toThrow(InvariantViolation);
  });

  it('refuses another form of an amount', () => {
    const changed = canonicalText(firstOf('channel-fee')).replace('3:0.6,', '4:0.60,');
    expect(() => readCanonicalText(changed)).toThrow(InvariantViolation);
  });

  it('knows its kinds and its version', () => {
    expect(canonicalVersion).toBe(1);
    expect(parseEntryKind('hold')).toBe('hold');
    expect(() => parseEntryKind('toString')).toThrow(InvariantViolation);
  });
});
