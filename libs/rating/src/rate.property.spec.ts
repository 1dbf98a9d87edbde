import { Units18 } from '@app/money';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { affordableOutputTokens, bound } from './bound.ts';
import {
  inputKinds,
  outputKinds,
  type TokenKind,
  tokenKinds,
  type UnitKind,
  unitKinds,
  type Usage,
} from './kinds.ts';
import { problemsOfPrice } from './price-problems.ts';
import type { PriceVersion, Rates } from './price-version.ts';
import { type Charge, rate, recompute } from './rate.ts';

const noon = '2026-11-22T12:00:00Z';
const price = fc.bigInt(0n, 10n ** 16n).map((units) => {
  const digits = units.toString().padStart(13, '0');
  return `${digits.slice(0, -12)}.${digits.slice(-12)}`;
});
const quantity = fc.oneof(fc.nat(10), fc.nat(2_000_000));
const oneForEach = <Value>(kinds: readonly string[], value: fc.Arbitrary<Value>, required = true) =>
  fc.record(Object.fromEntries(kinds.map((kind) => [kind, value])), required ? {} : { requiredKeys: [] });
const someRates: fc.Arbitrary<Rates> = oneForEach(tokenKinds, price, false);
const usages = fc
  .tuple(oneForEach(tokenKinds, quantity), oneForEach(unitKinds, fc.nat(100)))
  .map(([tokens, units]): Usage => ({ tokens, units, source: 'upstream', estimated: false }));

/** Versions in which every kind has a price, with up to two tiers. */
const versions = fc
  .record({
    rates: oneForEach(tokenKinds, price),
    unitPrices: oneForEach(unitKinds, price),
    thresholds: fc.uniqueArray(fc.nat(3_000_000), { maxLength: 2 }),
    tierRates: fc.tuple(someRates, someRates),
  })
  .map(({ rates, unitPrices, thresholds, tierRates }): PriceVersion => ({
    id: 'prv_1',
    rateCardId: 'standard',
    model: 'any',
    currency: 'CNY',
    effectiveFrom: '2026-11-01T00:00:00Z',
    rates,
    unitPrices,
    fallback: {},
    tiers: thresholds
      .toSorted((a, b) => a - b)
      .map((overInputTokens, index) => ({ overInputTokens, rates: tierRates[index] ?? {} })),
    windows: [],
  }));

const charged = (usage: Usage, version: PriceVersion): Charge => {
  const rated = rate(usage, version, noon);
  if (!rated.accepted) throw new Error(JSON.stringify(rated.refusal));
  return rated.events[0];
};
const amountOf = (usage: Usage, version: PriceVersion) => Units18.fromText(charged(usage, version).amount);
const added = (a: Usage, b: Usage): Usage => ({
  ...a,
  tokens: Object.fromEntries(tokenKinds.map((kind) => [kind, (a.tokens[kind] ?? 0) + (b.tokens[kind] ?? 0)])),
  units: Object.fromEntries(unitKinds.map((kind) => [kind, (a.units[kind] ?? 0) + (b.units[kind] ?? 0)])),
});
const totalOf = ({ tokens }: Usage, kinds: readonly TokenKind[]) =>
  kinds.reduce((total, kind) => total + (tokens[kind] ?? 0), 0);

describe('rate', () => {
  it('is the sum of its lines, which anyone can recompute', () => {
    fc.assert(
      fc.property(usages, versions, (usage, version) => {
        const { amount, lines } = charged(usage, version);
        expect(Units18.toText(Units18.sum(lines.map((line) => Units18.fromText(line.amount))))).toBe(amount);
        expect(recompute(lines)).toBe(amount);
        for (const line of lines) expect(recompute([line])).toBe(line.amount);
        expect(problemsOfPrice(version)).toEqual([]);
      }),
    );
  });

  it('is additive without tiers: many calls cost what their sum costs, to the last digit', () => {
    fc.assert(
      fc.property(fc.array(usages, { minLength: 1, maxLength: 5 }), versions, (list, tiered) => {
        const version = { ...tiered, tiers: [] };
        const apart = Units18.sum(list.map((usage) => amountOf(usage, version)));
        expect(amountOf(list.reduce(added), version)).toBe(apart);
      }),
    );
  });

  it('never falls when more is used, without tiers', () => {
    const kinds: readonly (TokenKind | UnitKind)[] = [...tokenKinds, ...unitKinds];
    fc.assert(
      fc.property(usages, versions, fc.constantFrom(...kinds), (usage, tiered, kind) => {
        const version = { ...tiered, tiers: [] };
        const units = unitKinds.some((unit) => unit === kind);
        const one: Usage = {
          ...usage,
          tokens: units ? {} : { [kind]: 1 },
          units: units ? { [kind]: 1 } : {},
        };
        expect(amountOf(added(usage, one), version) >= amountOf(usage, version)).toBe(true);
      }),
    );
  });

  it('costs nothing for nothing', () => {
    fc.assert(
      fc.property(versions, (version) => {
        const nothing: Usage = { tokens: {}, units: { request: 0 }, source: 'counted', estimated: true };
        expect(charged(nothing, version)).toMatchObject({ amount: '0', lines: [] });
      }),
    );
  });

  it('never exceeds its bound, in any tier', () => {
    fc.assert(
      fc.property(usages, versions, fc.nat(1000), (usage, version, slack) => {
        const bounded = bound(
          {
            inputTokensMax: totalOf(usage, inputKinds) + slack,
            outputTokensMax: totalOf(usage, outputKinds) + slack,
            kinds: tokenKinds,
            units: usage.units,
          },
          version,
          noon,
        );
        if (!bounded.accepted) throw new Error(bounded.refusal.code);
        expect(amountOf(usage, version) <= Units18.fromText(bounded.events[0])).toBe(true);
      }),
    );
  });

  it('affords exactly as many tokens as the bound allows', () => {
    fc.assert(
      fc.property(versions, quantity, fc.bigInt(0n, 10n ** 22n), (version, inputTokensMax, available) => {
        const usage = { inputTokensMax, kinds: tokenKinds, units: { request: 0 } };
        const answer = affordableOutputTokens(Units18.toText(Units18.of(available)), usage, {
          version,
          at: noon,
        });
        if (!answer.accepted) throw new Error(answer.refusal.code);
        const costs = (outputTokensMax: number) => {
          const bounded = bound({ ...usage, outputTokensMax }, version, noon);
          if (!bounded.accepted) throw new Error(bounded.refusal.code);
          return Units18.fromText(bounded.events[0]);
        };
        const [tokens] = answer.events;
        if (tokens > 0) expect(costs(tokens) <= available).toBe(true);
        if (tokens < Number.MAX_SAFE_INTEGER) expect(costs(tokens + 1) > available).toBe(true);
      }),
    );
  });
});
