import { describe, expect, it } from '@jest/globals';
import { NotAnInteger, parseExactJson } from './exact-json.ts';
import { refundOf, RefundAnswer, tradeOf, TransactionAnswer } from './wechat-answers.ts';

const us = { mchid: '1900000109', appid: 'wx1' };
const transaction = {
  appid: 'wx1',
  mchid: '1900000109',
  out_trade_no: 'top_1',
  transaction_id: '4200',
  trade_state: 'SUCCESS',
  success_time: '2026-11-22T16:00:29+08:00',
  amount: { total: 5000, payer_total: 4000, currency: 'CNY', payer_currency: 'CNY' },
};
const read = (changes: object, text = (value: object) => JSON.stringify(value)) =>
  tradeOf(TransactionAnswer.parse(parseExactJson(text({ ...transaction, ...changes }))), us);

describe('parseExactJson', () => {
  it('keeps integers that a float would lose, and tells numbers that are none', () => {
    expect(parseExactJson('[9007199254740993, -1, 0]')).toEqual([9_007_199_254_740_993n, -1n, 0n]);
    expect(parseExactJson('[1.0, 1e2, 0.1]')).toEqual(
      ['1.0', '1e2', '0.1'].map((text) => new NotAnInteger(text)),
    );
    expect(parseExactJson('{"a":"1","b":[true,null]}')).toEqual({ a: '1', b: [true, null] });
  });
});

describe('a transaction', () => {
  it('credits what was ordered, not what the payer gave after coupons, in UTC', () => {
    expect(read({})).toEqual({
      number: 'top_1',
      state: 'paid',
      told: { minor: 5_000n, currency: 'CNY' },
      reference: '4200',
      paidAt: '2026-11-22T08:00:29Z',
      ours: true,
    });
  });

  it('is read up to the largest order that we place: what was paid must never be unreadable', () => {
    const amount = { total: Number.MAX_SAFE_INTEGER, currency: 'CNY' };
    expect(read({ amount }).told.minor).toBe(9_007_199_254_740_991n);
  });

  it.each([
    ['SUCCESS', 'paid'],
    ['REFUND', 'paid'],
    ['NOTPAY', 'unpaid'],
    ['USERPAYING', 'unpaid'],
    ['PAYERROR', 'unpaid'],
    ['ACCEPT', 'unpaid'],
    ['CLOSED', 'closed'],
    ['REVOKED', 'closed'],
  ])('in the state %s is %s', (trade_state, state) => {
    expect(read({ trade_state }).state).toBe(state);
  });

  it('of another merchant or app is not ours', () => {
    expect(read({ mchid: '1' }).ours).toBe(false);
    expect(read({ appid: 'wx2' }).ours).toBe(false);
  });

  it.each(['5000.0', '5e3', '-1', '"5000"', '9007199254740992', 'null'])(
    'with the total %s is refused',
    (total) => {
      const text = (value: object) => JSON.stringify(value).replace('"total":5000', `"total":${total}`);
      expect(() => read({}, text)).toThrow();
    },
  );

  it('that is paid without number or time, or in a currency of no country, is refused', () => {
    expect(() => read({ transaction_id: undefined })).toThrow();
    expect(() => read({ success_time: undefined })).toThrow();
    expect(() => read({ amount: { total: 1, currency: 'XXZ' } })).toThrow();
  });
});

describe('a refund', () => {
  it.each([
    ['SUCCESS', 'paid'],
    ['CLOSED', 'closed'],
    ['PROCESSING', 'processing'],
    ['ABNORMAL', 'abnormal'],
  ])('in the status %s is %s', (status, state) => {
    const answer = {
      refund_id: '5030',
      out_refund_no: 'ref_1-1',
      status,
      amount: { refund: 1n, currency: 'CNY' },
    };
    expect(refundOf(RefundAnswer.parse(answer))).toMatchObject({
      number: 'ref_1-1',
      state,
      reference: '5030',
    });
  });
});
