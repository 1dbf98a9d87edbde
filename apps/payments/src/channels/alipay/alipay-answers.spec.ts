import { describe, expect, it } from '@jest/globals';
import { movedRefund, queriedRefund, tradeOf } from './alipay-answers.ts';

const cny = (minor: bigint) => ({ minor, currency: 'CNY' });
const told = { out_trade_no: 'top_1', trade_no: '2026', total_amount: cny(5_000n) };
const paidAt = '2026-11-22T08:00:29Z';

describe('a trade of Alipay', () => {
  it.each([
    ['TRADE_SUCCESS', paidAt, 'paid'],
    // A product that cannot be refunded reaches its end at once: it is paid all the same.
    ['TRADE_FINISHED', paidAt, 'paid'],
    ['WAIT_BUYER_PAY', undefined, 'unpaid'],
    ['TRADE_CLOSED', undefined, 'closed'],
    // It was paid, and all of it was paid back.
    ['TRADE_CLOSED', paidAt, 'paid'],
  ] as const)('that is %s, paid at %s, is %s', (trade_status, at, state) => {
    expect(tradeOf({ ...told, trade_status }, at, true)).toMatchObject({
      ...{ number: 'top_1', state, told: cny(5_000n), ours: true },
      ...(state === 'paid' ? { reference: '2026', paidAt } : {}),
    });
  });

  it.each(['TRADE_SUCCESS', 'TRADE_FINISHED'] as const)(
    'that is %s and tells no time proves nothing',
    (status) => {
      expect(() => tradeOf({ ...told, trade_status: status }, undefined, true)).toThrow('no time of payment');
    },
  );
});

describe('a refund of Alipay', () => {
  const answer = { out_request_no: 'ref_1-1', trade_no: '2026', refund_amount: cny(100n) };

  it('is paid where the provider says so, or tells an amount as it did before it had a status', () => {
    const paid = { number: 'ref_1-1', state: 'paid', told: cny(100n), reference: '2026' };
    expect(queriedRefund({ ...answer, refund_status: 'REFUND_SUCCESS', gmt_refund_pay: paidAt })).toEqual({
      ...paid,
      endedAt: paidAt,
    });
    expect(queriedRefund(answer)).toEqual(paid);
  });

  it('is under way with any other status, and none where the answer has nothing in it', () => {
    expect(queriedRefund({ ...answer, refund_status: 'REFUND_PROCESSING' })).toMatchObject({
      state: 'processing',
    });
    for (const empty of [{}, { out_request_no: 'ref_1-1' }, { refund_amount: cny(1n), trade_no: '2026' }])
      expect(queriedRefund(empty)).toBeNull();
  });

  it('that this very call moved is what we asked for', () => {
    const moved = { out_trade_no: 'top_1', trade_no: '2026', fund_change: 'Y' } as const;
    expect(movedRefund(moved, { number: 'ref_1-1', refund: cny(7n) })).toEqual({
      ...{ number: 'ref_1-1', state: 'paid', told: cny(7n), reference: '2026' },
    });
  });
});
