import { describe, expect, it } from '@jest/globals';
import { outcomeOfFailure, saysAbsent } from './wechat-failures.ts';

const outcome = (status: number | undefined, code: string) =>
  outcomeOfFailure({ code, message: '', ...(status === undefined ? {} : { status }) });

describe('a failure of WeChat Pay', () => {
  it.each([
    [undefined, 'ECONNRESET'],
    [undefined, 'EV3_RES_HEADER_SIGNATURE_DIGEST'],
    [500, 'SYSTEM_ERROR'],
    [502, 'HTTP_502'],
    [400, 'SYSTEMERROR'],
    [400, 'ORDER_PAID'],
    [400, 'ORDERPAID'],
    [403, 'OUT_TRADE_NO_USED'],
    [400, 'ORDER_CLOSED'],
  ])('with status %s and code %s leaves the outcome unknown', (status, code) => {
    expect(outcome(status, code)).toMatchObject({ kind: 'unknown', code });
  });

  it.each([
    [429, 'FREQUENCY_LIMITED'],
    [429, 'WHATEVER'],
    [403, 'NOT_ENOUGH'],
    [403, 'NOTENOUGH'],
    [401, 'SIGN_ERROR'],
    [403, 'NO_AUTH'],
    [404, 'MCH_NOT_EXISTS'],
  ])('with status %s and code %s did not happen and may be asked for again', (status, code) => {
    expect(outcome(status, code)).toMatchObject({ kind: 'failed', code, retriable: true });
  });

  it.each([
    [400, 'PARAM_ERROR'],
    [400, 'INVALID_REQUEST'],
    [403, 'RULE_LIMIT'],
    [403, 'USER_ACCOUNT_ABNORMAL'],
    [400, 'A_CODE_OF_NEXT_YEAR'],
  ])('with status %s and code %s is a plain no', (status, code) => {
    expect(outcome(status, code)).toMatchObject({ kind: 'failed', code, retriable: false });
  });

  it('says that there is no such order only with its status and its code', () => {
    expect(saysAbsent({ status: 404, code: 'ORDER_NOT_EXIST', message: '' })).toBe(true);
    expect(saysAbsent({ status: 404, code: 'ORDERNOTEXIST', message: '' })).toBe(true);
    expect(saysAbsent({ status: 404, code: 'RESOURCE_NOT_EXISTS', message: '' })).toBe(true);
    expect(saysAbsent({ status: 404, code: 'MCH_NOT_EXISTS', message: '' })).toBe(false);
    expect(saysAbsent({ status: 400, code: 'ORDER_NOT_EXIST', message: '' })).toBe(false);
    expect(saysAbsent({ code: 'ORDER_NOT_EXIST', message: '' })).toBe(false);
  });
});
