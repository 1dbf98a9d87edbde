import { Money, toCredits } from '@app/money';
import { problemsOfPrice, rate } from '@app/rating';
import { describe, expect, it } from '@jest/globals';
import { readyMadeVersions } from './ready-made-cards.ts';

const hkCredit = {
  code: 'hk-credit',
  unit: 'credit',
  creditsPer: { credits: '10000', amount: '1' },
} as const;

function chargeOf(model: string, tokens: object, units = {}): string {
  const found = readyMadeVersions.find((version) => version.model === model);
  if (!found) throw new Error(`no price of ${model}`);
  const usage = { tokens, units, source: 'upstream' as const, estimated: false };
  const rated = rate(usage, { ...found, id: 'prv_1' }, '2026-11-22T08:00:00Z');
  if (!rated.accepted) throw new Error(rated.refusal.code);
  return rated.events[0].amount;
}

const creditsOf = (amount: string): string => toCredits(Money.of(amount, 'CNY'), hkCredit).credits;

describe('readyMadeVersions', () => {
  it('can all be published', () => {
    expect(readyMadeVersions.flatMap(problemsOfPrice)).toEqual([]);
  });

  it('charge the example of the price page: 3,000 in and 800 out of gpt-5.5 are ¥0.0195', () => {
    expect(chargeOf('gpt-5.5', { input: 3000, output: 800 })).toBe('0.0195');
  });

  it('charge gpt-4 at 2.31 and 4.26 credits per token, and gpt-3.5-turbo at 0.04', () => {
    expect(creditsOf(chargeOf('gpt-4', { input: 1 }))).toBe('2.31');
    expect(creditsOf(chargeOf('gpt-4', { output: 1 }))).toBe('4.26');
    expect(creditsOf(chargeOf('gpt-3.5-turbo', { input: 1 }))).toBe('0.04');
    expect(chargeOf('gpt-3.5-turbo', { input: 1000 })).toBe('0.004');
  });

  it('charge ¥0.2 per Midjourney image', () => {
    expect(chargeOf('midjourney', {}, { image: 3 })).toBe('0.6');
  });

  it('have no price for gpt-4-32k', () => {
    expect(readyMadeVersions.map(({ model }) => model)).not.toContain('gpt-4-32k');
  });
});
