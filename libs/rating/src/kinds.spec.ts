import {
  ChargeLine,
  MoneyText,
  PriceVersionPublished,
  TokenKind,
  UnitKind,
  Usage as UsageOnTheWire,
  UsageSource,
} from '@app/contracts';
import { describe, expect, it } from '@jest/globals';
import { textKinds, tokenKinds, unitKinds, type Usage } from './kinds.ts';
import { problemsOfPrice } from './price-problems.ts';
import type { PriceVersion } from './price-version.ts';
import { rate } from './rate.ts';

describe('the words of rating and of its contracts', () => {
  it('are the same kinds and units', () => {
    expect([...tokenKinds].sort()).toEqual([...TokenKind.options].sort());
    expect([...unitKinds].sort()).toEqual([...UnitKind.options].sort());
    expect(tokenKinds).toEqual(expect.arrayContaining([...textKinds]));
    const sources: readonly Usage['source'][] = UsageSource.options;
    expect(sources).toEqual(['upstream', 'counted', 'counted_partial', 'recorded', 'corrected']);
  });

  it('meet: a published price and a usage from the wire give a charge that fits the wire', () => {
    const { priceVersionId: id, terms, ...published } = PriceVersionPublished.sample.data;
    const version: PriceVersion = { id, ...published, ...terms };
    expect(problemsOfPrice(version)).toEqual([]);
    const usage: Usage = UsageOnTheWire.parse({
      tokens: { input: 3000, cached_input: 1, output: 800 },
      units: {},
      source: 'upstream',
      estimated: false,
    });
    const rated = rate(usage, version, '2026-11-22T08:00:00Z');
    if (!rated.accepted) throw new Error(rated.refusal.code);
    const [charge] = rated.events;
    expect(charge.lines.map((line) => ChargeLine.parse(line))).toEqual(charge.lines);
    expect(MoneyText.parse({ amount: charge.amount, currency: charge.currency }).amount).toBe('0.0195025');
  });
});
