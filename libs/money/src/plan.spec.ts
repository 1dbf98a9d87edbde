import { InvariantViolation } from '@app/decider';
import { describe, expect, it } from '@jest/globals';
import { InvalidAmount } from './amount-text.ts';
import { Money } from './money.ts';
import { type Plan, toCredits, topUpForCredits } from './plan.ts';

const usdCredit: Plan = { code: 'usd-credit', unit: 'credit', creditsPer: { credits: '1', amount: '7.14' } };
const hkCredit: Plan = { code: 'hk-credit', unit: 'credit', creditsPer: { credits: '10000', amount: '1' } };
const thirds: Plan = { code: 'thirds', unit: 'credit', creditsPer: { credits: '3', amount: '1' } };
const yuan = (text: string) => Money.of(text, 'CNY');

describe('toCredits', () => {
  it('shows ¥7.14 as 1 credit of plan usd-credit', () => {
    expect(toCredits(yuan('7.14'), usdCredit)).toEqual({ credits: '1', rounding: 'exact' });
  });

  it('shows ¥1 as 10,000 credits of plan hk-credit', () => {
    expect(toCredits(yuan('1'), hkCredit)).toEqual({ credits: '10000', rounding: 'exact' });
  });

  it.each([
    ['gpt-4 input', '0.000231', '2.31'],
    ['gpt-4 output', '0.000426', '4.26'],
    ['gpt-3.5-turbo', '0.000004', '0.04'],
    ['a Midjourney image', '0.2', '2000'],
  ])('shows a token of %s at ¥%s as %s credits of plan hk-credit', (_, price, credits) => {
    expect(toCredits(yuan(price), hkCredit)).toEqual({ credits, rounding: 'exact' });
  });

  it('says that it rounded, half up and away from zero', () => {
    expect(toCredits(yuan('50'), usdCredit)).toEqual({ credits: '7.002801', rounding: 'half-up' });
    expect(toCredits(yuan('0.00000357'), usdCredit)).toEqual({ credits: '0.000001', rounding: 'half-up' });
    expect(toCredits(yuan('0.00000356'), usdCredit)).toEqual({ credits: '0', rounding: 'half-up' });
    expect(toCredits(yuan('-0.00000357'), usdCredit)).toEqual({ credits: '-0.000001', rounding: 'half-up' });
  });

  it('takes the number of digits', () => {
    expect(toCredits(yuan('50'), usdCredit, 0)).toEqual({ credits: '7', rounding: 'half-up' });
    expect(toCredits(yuan('50'), usdCredit, 18)).toEqual({
      credits: '7.002801120448179272',
      rounding: 'half-up',
    });
    const refused = new InvariantViolation('credits have 0 to 18 digits');
    expect(() => toCredits(yuan('50'), usdCredit, 19)).toThrow(refused);
    expect(() => toCredits(yuan('50'), usdCredit, -1)).toThrow(refused);
    expect(() => toCredits(yuan('50'), usdCredit, 1.5)).toThrow(refused);
  });

  it('shows the largest wallet in the plan with the most credits', () => {
    expect(toCredits(yuan('99999999999999999999.99'), hkCredit).credits).toBe('999999999999999999999900');
  });

  it('refuses a plan without a rate', () => {
    const broken = { ...usdCredit, creditsPer: { credits: '1', amount: '0' } };
    expect(() => toCredits(yuan('1'), broken)).toThrow(new InvariantViolation('a plan has a positive rate'));
    expect(() => toCredits(yuan('1'), { ...broken, creditsPer: { credits: '0', amount: '1' } })).toThrow(
      InvariantViolation,
    );
  });
});

describe('topUpForCredits', () => {
  it('rounds 1.05 credits at ¥7.14 up to ¥7.50', () => {
    expect(topUpForCredits('1.05', usdCredit, 'CNY')).toEqual(yuan('7.5'));
  });

  it.each([
    ['1', usdCredit, '7.14'],
    ['10000', hkCredit, '1'],
    ['10001', hkCredit, '1.01'],
    ['0.000000000000000001', thirds, '0.01'],
    ['1', thirds, '0.34'],
    ['3', thirds, '1'],
    ['0', thirds, '0'],
  ])('%s credits of %j cost ¥%s', (credits, plan, amount) => {
    expect(topUpForCredits(credits, plan, 'CNY')).toEqual(yuan(amount));
  });

  it('refuses credits that are no amount', () => {
    expect(() => topUpForCredits('ten', usdCredit, 'CNY')).toThrow(new InvalidAmount('not-a-decimal'));
    expect(() => topUpForCredits('-1', usdCredit, 'CNY')).toThrow(
      new InvariantViolation('credits to buy are never negative'),
    );
  });
});
