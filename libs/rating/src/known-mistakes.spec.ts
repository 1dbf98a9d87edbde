import { describe, expect, it } from '@jest/globals';
import { Units18 } from '@app/money';
import type { Usage } from './kinds.ts';
import { type PriceVersion, type Rates, twoRateFallback } from './price-version.ts';
import { rate, recompute } from './rate.ts';
import { versionAt } from './version-at.ts';

/** Mistakes in pricing that customers of other systems reported, with the figures of their reports. */
const version = (rates: Rates, effectiveFrom = '2026-01-01T00:00:00Z'): PriceVersion => ({
  ...{ id: effectiveFrom, rateCardId: 'standard', model: 'any', currency: 'USD', effectiveFrom },
  ...{ rates, fallback: twoRateFallback, unitPrices: {}, tiers: [], windows: [] },
});
const usage = (tokens: Usage['tokens']): Usage => ({
  tokens,
  units: {},
  source: 'upstream',
  estimated: false,
});
const noon = '2026-11-22T12:00:00Z';

function amountOf(tokens: Usage['tokens'], priced: PriceVersion): string {
  const rated = rate(usage(tokens), priced, noon);
  if (!rated.accepted) return rated.refusal.code;
  expect(recompute(rated.events[0].lines)).toBe(rated.events[0].amount);
  return rated.events[0].amount;
}

describe('rounding of each call', () => {
  it('one-api, new-api: 100,000 calls of $0.0000057 come to $0.57, neither to nothing nor to 17 % more', () => {
    const small = version({ input: '0.15', output: '0.6' });
    const each = amountOf({ input: 14, output: 6 }, small);
    expect(each).toBe('0.0000057');
    let sum = 0n;
    for (let call = 0; call < 100_000; call += 1) sum += Units18.fromText(each);
    expect(Units18.toText(Units18.of(sum))).toBe('0.57');
    expect(Units18.toText(Units18.of(sum))).toBe(amountOf({ input: 1_400_000, output: 600_000 }, small));
  });

  it('floating point: a million times $0.00000105 is $1.05, not $1.0499999785639', () => {
    const each = Units18.fromText(amountOf({ input: 7 }, version({ input: '0.15' })));
    expect(Units18.toText(Units18.of(each * 1_000_000n))).toBe('1.05');
  });
});

describe('the price that is read', () => {
  it('new-api #6172: a call that began before a change keeps its price until it ends', () => {
    const before = version({ input: '1', output: '2' }, '2026-01-01T00:00:00Z');
    const after = version({ input: '10', output: '20' }, '2026-11-22T12:00:00Z');
    const admitted = versionAt([before, after], '2026-11-22T11:59:59.999999Z');
    expect(admitted).toBe(before);
    expect(versionAt([before, after], noon)).toBe(after);
    expect(amountOf({ input: 1000, output: 1000 }, before)).toBe('0.003');
  });

  it('LiteLLM #12913: $0.035 and $35 are a thousand apart, and every line of the charge says which was used', () => {
    const rated = rate(usage({ input: 1_000_000 }), version({ input: '0.035' }), noon);
    expect(rated).toMatchObject({
      events: [{ amount: '0.035', lines: [{ unitPrice: '0.035', amount: '0.035' }] }],
    });
  });
});

describe('what is measured in seconds, and large figures', () => {
  const film = { ...version({}), fallback: {}, unitPrices: { second: '0.1' } };
  const filmed = (second?: number) => {
    const rated = rate({ ...usage({}), units: { second } }, film, noon);
    return rated.accepted ? rated.events[0].amount : rated.refusal.code;
  };

  it('new-api #5498: ten seconds cost ten, and where none are told nobody takes four', () => {
    expect(filmed(10)).toBe('1');
    expect(filmed(4)).toBe('0.4');
    expect(filmed()).toBe('0');
  });

  it('new-api #5877: counts far beyond 2,147,483,647 neither turn over nor lose a digit', () => {
    expect(amountOf({ input: 2_147_483_648 }, version({ input: '0.000001' }))).toBe('0.002147483648');
    expect(amountOf({ input: 999_999_999_999 }, version({ input: '75' }))).toBe('74999999.999925');
  });

  it('new-api #554 and #5417: a charge of $2.33 is told as $2.33 by its lines, not as $0.62 or $233', () => {
    const rated = rate(usage({ input: 233_000 }), version({ input: '10' }), noon);
    expect(rated).toMatchObject({ events: [{ amount: '2.33', lines: [{ amount: '2.33' }] }] });
  });
});

describe('what has no price', () => {
  it('LiteLLM #37923: is never rated as nothing', () => {
    expect(amountOf({ input: 9, output: 332 }, version({ input: '5' }))).toBe('unpriced-kind');
  });

  it('codex-observability-plugin #22: a kind that nobody knows is refused, not ignored', () => {
    const tokens = { input: 9, input_smell: 3 } as Usage['tokens'];
    expect(amountOf(tokens, version({ input: '5', output: '25' }))).toBe('unknown-kind');
  });
});
