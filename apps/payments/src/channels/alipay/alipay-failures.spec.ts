import { describe, expect, it } from '@jest/globals';
import { outcomeOfRefusal, saysAbsent } from './alipay-failures.ts';

describe('outcomeOfRefusal', () => {
  it.each([
    ['20000', 'aop.unknow-error', { kind: 'unknown' }],
    ['40004', 'ACQ.SYSTEM_ERROR', { kind: 'unknown' }],
    ['40004', 'AQC.SYSTEM_ERROR', { kind: 'unknown' }],
    ['40004', 'ACQ.DISCORDANT_REPEAT_REQUEST', { kind: 'unknown' }],
    ['40004', 'ACQ.TRADE_HAS_SUCCESS', { kind: 'unknown' }],
    ['40005', undefined, { kind: 'failed', retriable: true }],
    ['40002', 'isv.invalid-signature', { kind: 'failed', retriable: true }],
    ['40004', 'ACQ.SELLER_BALANCE_NOT_ENOUGH', { kind: 'failed', retriable: true, because: 'no-funds' }],
    ['40004', 'ACQ.TRADE_HAS_FINISHED', { kind: 'failed', retriable: false, because: 'past-window' }],
    ['40004', 'ACQ.TRADE_NOT_ALLOW_REFUND', { kind: 'failed', retriable: false, because: 'past-window' }],
    ['40004', 'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL', { kind: 'failed', retriable: false }],
    ['40004', 'ACQ.BUYER_ERROR', { kind: 'failed', retriable: false }],
    ['40004', 'ACQ.TOTAL_FEE_EXCEED', { kind: 'failed', retriable: false }],
  ])('takes %s %s as %j', (code, subCode, expected) => {
    expect(outcomeOfRefusal({ code, sub_code: subCode })).toMatchObject(expected);
  });

  it('names what the gateway alone refused', () => {
    expect(outcomeOfRefusal({ code: '40005', msg: 'Call Limited' })).toMatchObject({
      code: 'GATEWAY_40005',
      message: 'Call Limited',
    });
  });
});

describe('saysAbsent', () => {
  it('is true of one code only', () => {
    expect(saysAbsent({ code: '40004', sub_code: 'ACQ.TRADE_NOT_EXIST' })).toBe(true);
    expect(saysAbsent({ code: '40004', sub_code: 'ACQ.SYSTEM_ERROR' })).toBe(false);
    expect(saysAbsent({ code: '20000' })).toBe(false);
  });
});
