import { Units18 } from '@app/money';
import { describe, expect, it } from '@jest/globals';
import { Books, hoursAfterNoon, money } from '../test/books.ts';
import type { Asked } from '../test/books.ts';
import {
  charge,
  closeOut,
  compensate,
  correct,
  externalRefund,
  fee,
  feeReturned,
  grant,
  hold,
  itemFailed,
  itemPaid,
  refund,
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
} from '../test/commands.ts';
import { fold } from './book.ts';
import { breaksOfBooks, breaksOfEntry, breaksOfRebuild } from './invariants.ts';
import { standingCharge } from './standing-charge.ts';

describe('the worked example', () => {
  it('comes out to the last digit, with a trial balance of zero after each step', () => {
    const books = new Books();
    const step = (bookId: string, asked: Asked) => {
      const entries = books.post(bookId, asked);
      for (const { difference } of books.trialBalance().totals) expect(difference).toBe(0n);
      expect(breaksOfBooks(books.all())).toEqual([]);
      expect(entries.flatMap(breaksOfEntry)).toEqual([]);
      return entries;
    };
    const standing = (bookId: string, chargeId: string) => {
      const found = standingCharge(
        chargeId,
        books.entries.filter((entry) => entry.bookId === bookId),
      );
      if (found === undefined) throw new Error(`${chargeId} was not charged`);
      return found;
    };
    const wallet = (bookId: string, paid: string, granted = '0') => {
      expect(books.wallet(bookId)).toMatchObject({ paid, granted, held: '0' });
    };

    step('cus_A', setPlan());
    step('cus_A', takeOver('12.345678'));
    wallet('cus_A', '12.345678');
    step('cus_A', topUp('top_A', '100'));
    step('cus_A', fee('fee_A', '0.6'));
    step('cus_A', grant('grant_A', '5'));
    wallet('cus_A', '112.345678', '5');
    step('cus_A', hold('hold_A1', '8'));
    expect(books.wallet('cus_A')).toMatchObject({ held: '8', available: '109.345678' });
    expect(step('cus_A', settle('hold_A1', '2'))).toMatchObject([
      { memo: { granted: money('2'), paid: 0n, uncollected: 0n, lots: [] } },
    ]);
    wallet('cus_A', '112.345678', '3');
    step('cus_A', hold('hold_A2', '3.5'));
    expect(step('cus_A', settle('hold_A2', '3.8'))).toMatchObject([
      {
        memo: {
          granted: money('3'),
          paid: money('0.8'),
          uncollected: 0n,
          lots: [{ topUpId: 'top_opening', amount: money('0.8') }],
        },
      },
    ]);
    wallet('cus_A', '111.545678');
    step('cus_A', refund('ref_A1', '40'));
    wallet('cus_A', '71.545678');
    expect(books.balances()['refunds:pending']).toBe('-40');
    step('cus_A', itemPaid('ref_A1.1', '40'));
    expect(books.balances()['refunds:pending']).toBe('0');
    step('cus_A', refund('ref_A2', '10'));
    wallet('cus_A', '61.545678');
    step('cus_A', itemFailed('ref_A2.1', '10'));
    step('cus_A', feeReturned('fee_A', '0.24'));
    wallet('cus_A', '71.545678');
    expect(books.state('cus_A').lots).toMatchObject([
      { topUpId: 'top_opening', used: money('0.8'), remaining: money('11.545678') },
      { topUpId: 'top_A', used: 0n, refunded: money('40'), reserved: 0n, remaining: money('60') },
    ]);

    step('cus_B', setPlan());
    step('cus_B', topUp('top_B', '1'));
    step('cus_B', hold('hold_B', '1'));
    expect(step('cus_B', settle('hold_B', '1.30'))).toMatchObject([
      { memo: { paid: money('1'), uncollected: money('0.3') } },
    ]);
    wallet('cus_B', '0');

    step('cus_C', setPlan());
    step('cus_C', topUp('top_C', '50', 'bank'));
    step('cus_C', charge('call_C', '30'));
    wallet('cus_C', '20');
    step('cus_C', correct('call_C', '20', standing('cus_C', 'call_C')));
    wallet('cus_C', '30');
    expect(books.state('cus_C').lots).toMatchObject([{ used: money('20'), remaining: money('30') }]);
    step('cus_C', compensate('call_C', '1', standing('cus_C', 'call_C')));
    wallet('cus_C', '30', '1');

    step('cus_D', setPlan());
    step('cus_D', topUp('top_D', '100', 'alipay'));
    step('cus_D', charge('call_D', '90'));
    expect(step('cus_D', externalRefund('top_D', '100'))).toMatchObject([
      { memo: { taken: money('10'), shortfall: money('90') } },
    ]);
    wallet('cus_D', '0');

    step('cus_E', setPlan());
    step('cus_E', topUp('top_E', '100', 'alipay'));
    step('cus_E', charge('call_E', '87.654322'));
    wallet('cus_E', '12.345678');
    expect(step('cus_E', closeOut('ref_E'))).toMatchObject([
      {
        memo: {
          total: money('12.35'),
          rounding: money('0.004322'),
          items: [{ itemId: 'ref_E.1', topUpId: 'top_E', channel: 'alipay', amount: money('12.35') }],
        },
      },
    ]);
    expect(step('cus_E', itemPaid('ref_E.1', '12.35', 'alipay'))).toMatchObject([
      { memo: { closed: { paid: money('12.35'), givenBack: 0n } } },
    ]);
    wallet('cus_E', '0');

    step('platform:upstream:0', upstreamCost('cost_1', '3.85'));
    step('platform:upstream:0', upstreamBill('bill_1', '3.85'));
    step('platform:suspense:0', suspenseIn('sus_1', '500'));
    step('cus_F', setPlan());
    step('cus_F', suspenseOut('sus_1', 'top_F', '500'));
    wallet('cus_F', '500');
    step('platform:suspense:0', suspenseIn('sus_2', '500'));
    step('platform:suspense:0', suspenseReturned('sus_2', '500'));
    expect(books.balances()['clearing:wechat-pay']).toBe('60.64');
    step('platform:settlement:0', settlement('set_1', '60.64'));

    expect(books.balances()).toEqual({
      'clearing:alipay': '87.65',
      'clearing:bank': '606.79',
      'clearing:wechat-pay': '0',
      'expense:channel-fees': '0.36',
      'expense:compensation': '1',
      'expense:promotion': '5',
      'expense:rounding': '0.004322',
      'expense:uncollected': '0.3',
      'expense:upstream': '3.85',
      opening: '12.345678',
      'payable:upstream:openai': '0',
      'receivable:shortfall': '90',
      'refunds:pending': '0',
      'revenue:usage:granted': '-5',
      'revenue:usage:paid': '-199.454322',
      'revenue:usage:uncollected': '-0.3',
      'suspense:bank': '0',
      'wallet:*:granted': '-1',
      'wallet:*:paid': '-601.545678',
    });
    for (const state of books.all()) {
      const entries = books.entries.filter(({ bookId }) => bookId === state.bookId);
      expect(breaksOfRebuild(fold(state.bookId, entries), state)).toEqual([]);
    }
  });
});

describe('holds are memos', () => {
  it('decides at settlement which money pays', () => {
    const books = new Books();
    books.post('cus_1', setPlan());
    books.post('cus_1', topUp('top_1', '5'));
    books.post('cus_1', grant('grant_1', '5'));
    books.post('cus_1', hold('hold_1', '8'));
    books.post('cus_1', hold('hold_2', '2'));
    books.post('cus_1', settle('hold_2', '2'));
    expect(books.wallet('cus_1')).toEqual({ paid: '5', granted: '3', held: '8', available: '0' });
    books.post('cus_1', {
      type: 'release-hold',
      currency: null,
      holdId: 'hold_1',
      reason: 'x',
      ended: 'never-seen',
    });
    expect(books.wallet('cus_1')).toEqual({ paid: '5', granted: '3', held: '0', available: '8' });
  });

  it('lets exactly ten of two hundred holds of one pass on a balance of ten', () => {
    const books = new Books();
    books.post('cus_1', setPlan());
    books.post('cus_1', topUp('top_1', '10'));
    let passed = 0;
    for (let turn = 0; turn < 200; turn += 1) {
      const decision = books.decide('cus_1', hold(`hold_${turn.toString()}`, '1'));
      if (!decision.accepted) continue;
      for (const draft of decision.events) {
        books.book('cus_1').record(draft, { recordedAt: hoursAfterNoon(1), accountingDate: '2026-11-22' });
      }
      passed += 1;
    }
    expect(passed).toBe(10);
    expect(books.wallet('cus_1')).toEqual({ paid: '10', granted: '0', held: '10', available: '0' });
    expect(Units18.toText(books.state('cus_1').held)).toBe('10');
  });
});
