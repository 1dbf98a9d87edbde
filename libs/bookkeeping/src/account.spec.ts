import { InvariantViolation } from '@app/decider';
import { Units18 } from '@app/money';
import { describe, expect, it } from '@jest/globals';
import {
  chartOfAccounts,
  findAccountFamily,
  grantedAccount,
  isWalletAccount,
  paidAccount,
  parseAccountId,
} from './account.ts';
import { posting, postingUnlessZero, reversed } from './posting.ts';

describe('the chart of accounts', () => {
  it.each([
    ['wallet:cus_01JD5ZK3V5Q8R7T2W4X6Y8Z0AB:paid', 'wallet:*:paid', 'credit'],
    ['wallet:cus_1:granted', 'wallet:*:granted', 'credit'],
    ['clearing:wechat-pay', 'clearing:*', 'debit'],
    ['suspense:bank', 'suspense:*', 'credit'],
    ['payable:upstream:openai', 'payable:upstream:*', 'credit'],
    ['receivable:shortfall', 'receivable:shortfall', 'debit'],
    ['opening', 'opening', 'credit'],
    ['revenue:usage:uncollected', 'revenue:usage:uncollected', 'credit'],
    ['expense:fx-difference', 'expense:fx-difference', 'debit'],
  ])('has a line for %s', (account, form, normalSide) => {
    expect(findAccountFamily(account)).toMatchObject({ form, normalSide });
    expect(parseAccountId(account)).toBe(account);
  });

  it.each([
    '',
    'wallet:cus_1',
    'wallet::paid',
    'wallet:*:paid',
    'wallet:a:b:paid',
    'clearing:',
    'expense:other',
    'xopening',
    'openingx',
  ])('has no line for %j', (text) => {
    expect(findAccountFamily(text)).toBeUndefined();
    expect(() => parseAccountId(text)).toThrow(
      new InvariantViolation(`${text} is not in the chart of accounts`),
    );
  });

  it('lets no wallet and no refund be overdrawn', () => {
    const never = chartOfAccounts.filter(({ overdraft }) => overdraft === 'never').map(({ form }) => form);
    expect(never).toEqual(expect.arrayContaining(['wallet:*:paid', 'wallet:*:granted', 'refunds:pending']));
  });

  it('grows assets and expenses by debits, all others by credits', () => {
    for (const { class: kind, normalSide } of chartOfAccounts) {
      expect(normalSide).toBe(kind === 'asset' || kind === 'expense' ? 'debit' : 'credit');
    }
  });

  it('knows a wallet', () => {
    expect([paidAccount('cus_1'), grantedAccount('cus_1')].every(isWalletAccount)).toBe(true);
    expect(isWalletAccount('refunds:pending')).toBe(false);
  });
});

describe('posting', () => {
  it('moves more than nothing, from one account to another', () => {
    const one = Units18.fromText('1');
    expect(posting('opening', 'refunds:pending', one)).toEqual({
      debit: 'opening',
      credit: 'refunds:pending',
      amount: one,
    });
    expect(reversed(posting('opening', 'refunds:pending', one))).toEqual(
      posting('refunds:pending', 'opening', one),
    );
    expect(() => posting('opening', 'refunds:pending', Units18.zero)).toThrow(InvariantViolation);
    expect(() => posting('opening', 'opening', one)).toThrow(
      new InvariantViolation('an account cannot pay itself'),
    );
    expect(() => postingUnlessZero('opening', 'refunds:pending', Units18.negate(one))).toThrow(
      InvariantViolation,
    );
    expect(postingUnlessZero('opening', 'refunds:pending', Units18.zero)).toEqual([]);
  });
});
