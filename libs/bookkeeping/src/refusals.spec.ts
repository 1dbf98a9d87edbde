import { describe, expect, it } from '@jest/globals';
import { type Asked, Books, hoursAfterNoon, money } from '../test/books.ts';
import {
  charge,
  closeOut,
  compensate,
  correct,
  customerBudget,
  endWait,
  expire,
  extend,
  fee,
  feeReturned,
  grant,
  hold,
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
  externalRefund,
  itemFailed,
} from '../test/commands.ts';
import type { Refusal, RefusalCode } from './refusal.ts';
import type { StandingCharge } from './standing-charge.ts';

const standing: StandingCharge = {
  charge: money('3'),
  granted: money('0'),
  paid: money('3'),
  uncollected: money('0'),
  lots: [{ topUpId: 'top_1', amount: money('3') }],
  budgets: [],
  compensated: money('2'),
  reasonIds: ['outage-0'],
};

/** A wallet with 10 in `top_1`. */
function aWallet(): Books {
  const books = new Books();
  books.post('cus_1', setPlan());
  books.post('cus_1', topUp('top_1', '10'));
  return books;
}

function refusalAfter(before: readonly Asked[], asked: Asked): Refusal {
  const books = aWallet();
  for (const done of before) books.post('cus_1', done);
  return books.refusal('cus_1', asked);
}

const onPlatform = (asked: Asked): Refusal => new Books().refusal('platform:suspense:0', asked);

/** Each code once, with its figures; a code without a row here does not compile. */
const refusals: {
  readonly [Code in RefusalCode]: readonly [() => Refusal, Omit<Extract<Refusal, { code: Code }>, 'code'>];
} = {
  'unknown-account': [() => new Books().refusal('cus_9', hold('hold_1', '1')), { bookId: 'cus_9' }],
  'wrong-book': [() => onPlatform(topUp('top_1', '1')), { bookId: 'platform:suspense:0', needs: 'customer' }],
  'currency-mismatch': [
    () => refusalAfter([], { ...topUp('top_2', '1'), currency: 'USD' }),
    { expected: 'CNY', actual: 'USD' },
  ],
  'invalid-amount': [
    () => refusalAfter([], topUp('top_2', '0')),
    { amount: money('0'), atLeast: 'more-than-zero' },
  ],
  'insufficient-funds': [
    () => refusalAfter([hold('hold_1', '4')], hold('hold_2', '7')),
    { needed: money('7'), available: money('6'), affordable: money('6') },
  ],
  'key-budget-exceeded': [
    () => refusalAfter([], hold('hold_1', '4', { limits: [keyBudget('3')] })),
    {
      scope: 'key:key_1:month',
      window: '2026-11',
      limit: money('3'),
      spent: money('0'),
      held: money('0'),
      needed: money('4'),
      affordable: money('3'),
    },
  ],
  'customer-budget-exceeded': [
    () => refusalAfter([], hold('hold_1', '4', { limits: [keyBudget('5'), customerBudget('3')] })),
    {
      scope: 'customer:month',
      window: '2026-11',
      limit: money('3'),
      spent: money('0'),
      held: money('0'),
      needed: money('4'),
      affordable: money('3'),
    },
  ],
  'too-many-lots': [
    () => {
      const tops = Array.from({ length: 1_999 }, (_, n) => topUp(`top_n${n.toString()}`, '0.01'));
      return refusalAfter(tops, topUp('top_last', '1'));
    },
    { lots: 2_000, lotsMax: 2_000 },
  ],
  'hold-exists': [
    () => refusalAfter([hold('hold_1', '4')], hold('hold_1', '1')),
    { holdId: 'hold_1', amount: money('4') },
  ],
  'unknown-hold': [() => refusalAfter([], release('hold_1')), { holdId: 'hold_1' }],
  'hold-settled': [
    () => refusalAfter([hold('hold_1', '4'), settle('hold_1', '1')], settle('hold_1', '1')),
    { holdId: 'hold_1' },
  ],
  'hold-released': [
    () => refusalAfter([hold('hold_1', '4'), release('hold_1')], extend('hold_1', '1')),
    { holdId: 'hold_1' },
  ],
  'hold-expired': [() => refusalAfter([], extend('hold_1', '1', 'expired')), { holdId: 'hold_1' }],
  'hold-not-expired': [
    () => refusalAfter([hold('hold_1', '4')], { ...expire('hold_1'), occurredAt: hoursAfterNoon(1) }),
    { holdId: 'hold_1', expiresAt: hoursAfterNoon(2) },
  ],
  'lot-exists': [() => refusalAfter([], topUp('top_1', '1')), { topUpId: 'top_1' }],
  'charge-exists': [
    () => refusalAfter([waitingCharge('call_1', '11')], waitingCharge('call_1', '12')),
    { chargeId: 'call_1' },
  ],
  'charge-not-waiting': [() => refusalAfter([], endWait('call_1')), { chargeId: 'call_1' }],
  'charge-still-waiting': [
    () => refusalAfter([waitingCharge('call_1', '11')], endWait('call_1', hoursAfterNoon(23))),
    { chargeId: 'call_1', waitsUntil: hoursAfterNoon(24) },
  ],
  'nothing-to-correct': [
    () => refusalAfter([charge('call_1', '3')], correct('call_1', '3', standing)),
    { chargeId: 'call_1', charge: money('3') },
  ],
  'already-compensated': [
    () =>
      refusalAfter([charge('call_1', '3')], compensate('call_1', '1', { ...standing, reasonId: 'outage-0' })),
    { chargeId: 'call_1', reasonId: 'outage-0' },
  ],
  'exceeds-charge': [
    () => refusalAfter([charge('call_1', '3')], compensate('call_1', '1.1', standing)),
    { chargeId: 'call_1', requested: money('1.1'), compensable: money('1') },
  ],
  'refund-exists': [() => refusalAfter([refund('ref_1', '1')], refund('ref_1', '1')), { refundId: 'ref_1' }],
  'exceeds-refundable': [
    () => refusalAfter([charge('call_1', '0.005')], refund('ref_1', '10')),
    { requested: money('10'), refundable: money('9.99') },
  ],
  'below-minor-unit': [
    () => refusalAfter([], refund('ref_1', '0.009')),
    { requested: money('0.009'), refundable: money('10') },
  ],
  'nothing-to-refund': [
    () => refusalAfter([charge('call_1', '10'), grant('grant_1', '5')], closeOut('ref_1')),
    { refundable: money('0') },
  ],
  'holds-open': [
    () => refusalAfter([hold('hold_1', '4')], closeOut('ref_1')),
    { holds: 1, held: money('4'), refundable: money('6') },
  ],
  'charges-waiting': [
    () => refusalAfter([waitingCharge('call_1', '11')], refund('ref_1', '1')),
    { waiting: money('11'), refundable: money('10') },
  ],
  'unknown-refund-item': [
    () => refusalAfter([refund('ref_1', '1')], itemPaid('ref_1.2', '1')),
    { refundId: 'ref_1', itemId: 'ref_1.2' },
  ],
  'refund-item-differs': [
    () => refusalAfter([refund('ref_1', '1')], itemPaid('ref_1.1', '2')),
    { itemId: 'ref_1.1', expected: money('1'), actual: money('2') },
  ],
  'rounding-too-large': [
    () => refusalAfter([], rounding('rnd_1', 'loss', '0.01')),
    { amount: money('0.01'), minorUnit: money('0.01') },
  ],
};

describe('decide', () => {
  it.each(Object.entries(refusals))('refuses with %s and says the figures', (code, [refused, figures]) => {
    expect(refused()).toEqual({ code, ...figures });
  });

  const below: readonly (readonly [string, Asked, 'zero' | 'more-than-zero'])[] = [
    [
      'a plan without credits',
      { ...setPlan(), plan: { code: 'x', credits: money('0'), amount: money('1') } } as Asked,
      'more-than-zero',
    ],
    ['a plan without an amount', setPlan('0'), 'more-than-zero'],
    ['an opening balance below zero', takeOver('-1'), 'zero'],
    ['an opening grant below zero', takeOver('1', '-1'), 'zero'],
    ['an opening balance of nothing', takeOver('0'), 'more-than-zero'],
    ['a top-up below zero', topUp('top_2', '-1'), 'more-than-zero'],
    ['a hold below zero', hold('hold_1', '-1'), 'zero'],
    ['an extension of zero', extend('hold_open', '0'), 'more-than-zero'],
    ['a settlement below zero', settle('hold_open', '-1'), 'zero'],
    ['a charge below zero', charge('call_1', '-1'), 'zero'],
    ['a refund of zero', refund('ref_1', '0'), 'more-than-zero'],
    ['an external refund of zero', externalRefund('top_1', '0'), 'more-than-zero'],
    ['a grant of zero', grant('grant_1', '0'), 'more-than-zero'],
    ['a compensation below zero', compensate('call_1', '-1', standing), 'more-than-zero'],
    ['a correction below zero', correct('call_1', '-1', standing), 'zero'],
    ['suspense of zero assigned', suspenseOut('sus_1', 'top_2', '0'), 'more-than-zero'],
    ['a fee of zero', fee('fee_1', '0'), 'more-than-zero'],
    ['a returned fee of zero', feeReturned('fee_1', '0'), 'more-than-zero'],
    ['a rounding of zero', rounding('rnd_1', 'gain', '0'), 'more-than-zero'],
  ];
  it.each(below)('refuses %s', (_, asked, atLeast) => {
    const refusal = refusalAfter([hold('hold_open', '1')], asked);
    expect(refusal).toMatchObject({ code: 'invalid-amount', atLeast });
  });

  const belowOnPlatform: readonly (readonly [string, Asked])[] = [
    ['suspense of zero', suspenseIn('sus_1', '0')],
    ['suspense of zero returned', suspenseReturned('sus_1', '0')],
    ['a settlement of zero', settlement('set_1', '0')],
    ['an upstream cost below zero', upstreamCost('cost_1', '-1')],
    ['a bill of zero', upstreamBill('bill_1', '0', '1')],
    ['a bill that was paid with nothing', upstreamBill('bill_1', '1', '0')],
  ];
  it.each(belowOnPlatform)('refuses %s', (_, asked) => {
    expect(onPlatform(asked).code).toBe('invalid-amount');
  });

  it('keeps the money of a platform out of the books of customers', () => {
    const refusal = refusalAfter([], upstreamCost('cost_1', '1'));
    expect(refusal).toEqual({ code: 'wrong-book', bookId: 'cus_1', needs: 'platform' });
  });

  it('needs a plan before anything else, and money of the book afterwards', () => {
    const books = new Books();
    expect(books.refusal('cus_1', fee('fee_1', '1')).code).toBe('unknown-account');
    books.post('cus_1', { ...setPlan(), currency: 'USD' });
    expect(books.refusal('cus_1', setPlan('8')).code).toBe('currency-mismatch');
    expect(books.refusal('cus_1', fee('fee_1', '1')).code).toBe('currency-mismatch');
  });

  it('refuses a lot of suspense and of an opening balance that exists', () => {
    expect(refusalAfter([], suspenseOut('sus_1', 'top_1', '1')).code).toBe('lot-exists');
    expect(refusalAfter([takeOver('1')], takeOver('1')).code).toBe('lot-exists');
  });

  it('refuses an item of a refund that has ended or differs, whatever became of it', () => {
    expect(refusalAfter([], itemFailed('ref_1.1', '1')).code).toBe('unknown-refund-item');
    expect(refusalAfter([refund('ref_1', '1')], itemFailed('ref_1.1', '2')).code).toBe('refund-item-differs');
    const paid = [refund('ref_1', '1'), itemPaid('ref_1.1', '1')];
    expect(refusalAfter(paid, itemPaid('ref_1.1', '1')).code).toBe('unknown-refund-item');
  });

  it('refuses to correct a charge that still waits', () => {
    const refusal = refusalAfter([waitingCharge('call_1', '11')], correct('call_1', '1', standing));
    expect(refusal.code).toBe('charge-still-waiting');
  });

  it('leaves a plan that is set as it is', () => {
    const books = aWallet();
    expect(books.decide('cus_1', setPlan())).toEqual({ accepted: true, events: [] });
    books.post('cus_1', setPlan('8'));
    expect(books.state('cus_1').plan).toEqual({
      code: 'usd-credit',
      credits: money('1'),
      amount: money('8'),
    });
  });
});
