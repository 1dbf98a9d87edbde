import { describe, expect, it } from '@jest/globals';
import { Money } from '@app/money';
import { refundAmount, topUpAmount } from './payable-amount.ts';

const accepted = (amount: string, currency: string) => ({
  accepted: true,
  events: [Money.of(amount, currency)],
});
const codeOf = (decision: ReturnType<typeof topUpAmount>) =>
  decision.accepted ? undefined : decision.refusal.code;

describe('topUpAmount', () => {
  it.each([
    ['1', 'CNY'],
    ['1.0', 'CNY'],
    ['1.00', 'CNY'],
    ['123456789.01', 'CNY'],
    ['99999999999999999999.99', 'CNY'],
    ['1', 'JPY'],
    ['1.001', 'KWD'],
  ])('takes %s %s', (amount, currency) => {
    expect(topUpAmount({ amount, currency }, '1')).toEqual(accepted(amount, currency));
  });

  it('refuses 0.99 with the field, the reason and the remedy', () => {
    expect(topUpAmount({ amount: '0.99', currency: 'CNY' }, '1')).toEqual({
      accepted: false,
      refusal: {
        code: 'below-minimum',
        field: 'amount',
        reason: '0.99 CNY is less than the minimum of 1 CNY.',
        remedy: 'Send an amount of at least 1 CNY.',
      },
    });
  });

  it('takes the minimum that an operator sets', () => {
    expect(codeOf(topUpAmount({ amount: '9.99', currency: 'CNY' }, '10'))).toBe('below-minimum');
    expect(topUpAmount({ amount: '0.01', currency: 'CNY' }, '0.01').accepted).toBe(true);
  });

  it.each(['0', '-1', '-100'])('refuses %s', (amount) => {
    expect(codeOf(topUpAmount({ amount, currency: 'CNY' }, '1'))).toBe('below-minimum');
  });

  it.each(['1e2', '', ' 1', '１.00', 'NaN', '1,000.00', '9'.repeat(10_000), '1.0000000000000000001'])(
    'refuses %j as no decimal',
    (amount) => {
      expect(topUpAmount({ amount, currency: 'CNY' }, '1')).toEqual({
        accepted: false,
        refusal: {
          code: 'invalid-amount',
          field: 'amount',
          reason: 'The amount is not a plain decimal.',
          remedy: 'Send the amount as decimal text in whole minor units, such as "100.00".',
        },
      });
    },
  );

  it.each([
    ['1.001', 'CNY', 'CNY is paid with at most 2 decimals.'],
    ['1.5', 'JPY', 'JPY is paid with at most 0 decimals.'],
  ])('refuses %s %s, which nobody can pay', (amount, currency, reason) => {
    expect(topUpAmount({ amount, currency }, '1')).toMatchObject({
      refusal: { code: 'invalid-amount', reason },
    });
  });

  it('refuses a currency that nobody knows', () => {
    expect(topUpAmount({ amount: '1', currency: 'RMB' }, '1')).toMatchObject({
      refusal: { code: 'unknown-currency', field: 'currency' },
    });
  });
});

describe('refundAmount', () => {
  it.each([
    ['0.01', 'CNY'],
    ['12.345678', 'CNY'],
    ['1', 'JPY'],
    ['0.001', 'KWD'],
  ])('takes %s %s', (amount, currency) => {
    expect(refundAmount({ amount, currency })).toEqual(accepted(amount, currency));
  });

  it.each([
    ['0.009', 'CNY', 'below-minimum'],
    ['0', 'CNY', 'below-minimum'],
    ['-1', 'CNY', 'below-minimum'],
    ['0.99', 'JPY', 'below-minimum'],
    ['ten', 'CNY', 'invalid-amount'],
    ['1', 'XYZ', 'unknown-currency'],
  ])('refuses %s %s as %s', (amount, currency, code) => {
    expect(codeOf(refundAmount({ amount, currency }))).toBe(code);
  });
});
