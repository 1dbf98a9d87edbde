import { Units18 } from '@app/money';
import { describe, expect, it } from '@jest/globals';
import { Books, money } from '../test/books.ts';
import { charge, grant, rounding, setPlan, topUp, upstreamBill, upstreamCost } from '../test/commands.ts';
import { totalsOf, trialBalance } from './trial-balance.ts';

const zero = Units18.zero;

describe('trialBalance', () => {
  it('sums wallets from heads and all else from totals, by currency', () => {
    const books = new Books();
    books.post('cus_1', setPlan());
    books.post('cus_1', topUp('top_1', '10'));
    books.post('cus_1', grant('grant_1', '2'));
    books.post('cus_1', charge('call_1', '3'));
    books.post('cus_2', { ...setPlan(), currency: 'USD' });
    books.post('cus_2', { ...topUp('top_2', '7'), currency: 'USD' });
    const { lines, totals } = books.trialBalance();
    expect(lines.map(({ account, currency, debit, credit }) => [currency, account, debit, credit])).toEqual([
      ['CNY', 'clearing:wechat-pay', money('10'), zero],
      ['CNY', 'expense:promotion', money('2'), zero],
      ['CNY', 'revenue:usage:granted', zero, money('2')],
      ['CNY', 'revenue:usage:paid', zero, money('1')],
      ['CNY', 'wallet:*:granted', zero, zero],
      ['CNY', 'wallet:*:paid', zero, money('9')],
      ['USD', 'clearing:wechat-pay', money('7'), zero],
      ['USD', 'wallet:*:granted', zero, zero],
      ['USD', 'wallet:*:paid', zero, money('7')],
    ]);
    expect(totals).toEqual([
      { currency: 'CNY', debit: money('12'), credit: money('12'), difference: zero },
      { currency: 'USD', debit: money('7'), credit: money('7'), difference: zero },
    ]);
  });

  it('shows what is missing', () => {
    const totals = [{ account: 'clearing:bank' as const, currency: 'CNY', debit: money('10'), credit: zero }];
    const heads = [{ currency: 'CNY', paid: money('9.99'), granted: zero }];
    expect(trialBalance({ heads, totals }).totals).toEqual([
      { currency: 'CNY', debit: money('10'), credit: money('9.99'), difference: money('0.01') },
    ]);
  });
});

describe('totalsOf', () => {
  it('adds up a batch by account and accounting date, without wallets', () => {
    const books = new Books();
    books.post('cus_1', setPlan());
    books.post('cus_1', topUp('top_1', '10'));
    const entries = [
      ...books.post('cus_1', charge('call_1', '3')),
      ...books.post('cus_1', charge('call_2', '4')),
    ];
    const late = entries.map((entry) => ({ ...entry, accountingDate: '2026-11-23' }));
    const row = { account: 'revenue:usage:paid', currency: 'CNY', debit: zero, credit: money('7') };
    expect(totalsOf([...entries, ...late])).toEqual([
      { ...row, accountingDate: '2026-11-22' },
      { ...row, accountingDate: '2026-11-23' },
    ]);
  });
});

describe('the books of the platform', () => {
  it('show what the exchange rate made of a bill, either way', () => {
    const books = new Books();
    books.post('platform:upstream:0', upstreamCost('cost_1', '3.85'));
    books.post('platform:upstream:0', upstreamCost('cost_2', '0'));
    books.post('platform:upstream:0', upstreamBill('bill_1', '3', '2.9'));
    expect(books.balances()).toMatchObject({ 'expense:fx-difference': '-0.1', 'clearing:bank': '-2.9' });
    books.post('platform:upstream:0', upstreamBill('bill_2', '0.85', '1'));
    expect(books.balances()).toMatchObject({
      'payable:upstream:openai': '0',
      'expense:fx-difference': '0.05',
      'clearing:bank': '-3.9',
      'expense:upstream': '3.85',
    });
  });

  it('take in the rounding of a channel, either way', () => {
    const books = new Books();
    books.post('platform:settlement:0', rounding('rnd_1', 'loss', '0.006'));
    books.post('platform:settlement:0', rounding('rnd_2', 'gain', '0.002'));
    expect(books.balances()).toMatchObject({ 'expense:rounding': '0.004', 'clearing:wechat-pay': '-0.004' });
  });
});
