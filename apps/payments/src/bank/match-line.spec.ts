import { Money } from '@app/money';
import { describe, expect, it } from '@jest/globals';
import { matchLine, type RemittingCompany } from './match-line.ts';
import { remittanceCodeOf } from './remittance-code.ts';

const [code, other, nobodys] = [1, 2, 3].map((byte) => remittanceCodeOf(new Uint8Array(8).fill(byte)));
const company: RemittingCompany = {
  customerId: 'cus_1',
  code: code ?? '',
  verifiedName: '上海示例（科技）有限公司',
  isActive: true,
};
const line = {
  direction: 'credit' as const,
  amount: Money.of('5000', 'CNY'),
  bookedOn: '2026-11-22',
  partyName: '上海示例(科技) 有限公司',
  partyAccount: '62170001',
  memo: `货款 ${code ?? ''}`,
  isReversal: false,
};

const matched = (changes: Partial<typeof line>, about: Partial<RemittingCompany> = {}) =>
  matchLine(
    { ...line, ...changes },
    {
      companies: new Map([
        [code ?? '', { ...company, ...about }],
        [other ?? '', { ...company, code: other ?? '', customerId: 'cus_2' }],
      ]),
      currency: 'CNY',
      minimum: '1',
      automaticBelow: '10000',
    },
  );

describe('matchLine', () => {
  it('credits a valid code with the verified name, however the bank writes its brackets', () => {
    expect(matched({})).toEqual({ kind: 'automatic', customerId: 'cus_1' });
    expect(matched({ amount: Money.of('1', 'CNY') })).toMatchObject({ kind: 'automatic' });
    expect(matched({ amount: Money.of('9999.99', 'CNY') })).toMatchObject({ kind: 'automatic' });
  });

  it.each([
    [{ partyName: '张三' }, {}, 'third-party-payer'],
    [{}, { verifiedName: null }, 'name-not-verified'],
    [{}, { isActive: false }, 'customer-blocked'],
    [{ amount: Money.of('5000', 'USD') }, {}, 'foreign-currency'],
    [{ amount: Money.of('10000', 'CNY') }, {}, 'above-automatic-limit'],
    [{ amount: Money.of('0.99', 'CNY') }, {}, 'below-minimum'],
    [{ isReversal: true }, {}, 'reversal'],
  ])('asks a person about %j %j: %s', (changes, about, reason) => {
    expect(matched(changes, about)).toEqual({ kind: 'review', reason, customerId: 'cus_1' });
  });

  it('asks a person about two codes, and names nobody', () => {
    expect(matched({ memo: `${code ?? ''} ${other ?? ''}` })).toMatchObject({
      reason: 'several-codes',
      customerId: null,
    });
  });

  it('never matches by name or amount alone', () => {
    expect(matched({ memo: '充值 5000' })).toEqual({ kind: 'suspense', reason: 'no-code' });
    expect(matched({ memo: nobodys ?? '' })).toEqual({ kind: 'suspense', reason: 'unknown-code' });
  });
});
