import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Money } from './money.ts';
import { topUpForCredits, toCredits, type Plan } from './plan.ts';
import { Units18 } from './units18.ts';

const bound = 10n ** 38n - 1n;
const anyUnits = fc
  .oneof(fc.bigInt(-bound, bound), fc.bigInt(-(10n ** 20n), 10n ** 20n), fc.bigInt(-5n, 5n))
  .map((units) => Units18.of(units));
const halfUnits = fc.bigInt(-bound / 2n, bound / 2n).map((units) => Units18.of(units));
const currency = fc.constantFrom('CNY', 'JPY', 'KWD', 'CLF');
const yuan = (units: Units18) => Money.ofUnits(units, 'CNY');

/** Runs a property many times; a failure prints its seed. */
const always = <T extends [unknown, ...unknown[]]>(property: fc.IProperty<T>) => {
  fc.assert(property, { numRuns: 500 });
};

describe('Money and Units18', () => {
  it('read what they wrote, in one text form', () => {
    always(
      fc.property(anyUnits, (units) => {
        const text = Units18.toText(units);
        expect(text).toMatch(/^(?:0|-?(?:(?:0|[1-9]\d{0,19})\.\d{0,17}[1-9]|[1-9]\d{0,19}))$/);
        expect(Units18.fromText(text)).toBe(units);
        expect(yuan(units).toText()).toBe(text);
        expect(Money.of(text, 'CNY').toUnits()).toBe(units);
      }),
    );
  });

  it('add, subtract and compare alike', () => {
    always(
      fc.property(halfUnits, halfUnits, (a, b) => {
        expect(yuan(a).plus(yuan(b)).toUnits()).toBe(Units18.add(a, b));
        expect(yuan(a).minus(yuan(b)).toUnits()).toBe(Units18.subtract(a, b));
        expect(yuan(a).negate().toUnits()).toBe(Units18.negate(a));
        expect(yuan(a).compare(yuan(b))).toBe(Units18.compare(a, b));
        expect(yuan(a).min(yuan(b)).toUnits()).toBe(Units18.min(a, b));
      }),
    );
  });

  it('multiply alike', () => {
    always(
      fc.property(
        fc.bigInt(-(10n ** 28n), 10n ** 28n),
        fc.bigInt(-(10n ** 9n), 10n ** 9n),
        (units, count) => {
          const amount = Units18.of(units);
          expect(yuan(amount).times(count).toUnits()).toBe(Units18.times(amount, count));
        },
      ),
    );
  });

  it('sum alike, in any order', () => {
    always(
      fc.property(fc.array(fc.bigInt(-(10n ** 30n), 10n ** 30n)), (list) => {
        const units = list.map((item) => Units18.of(item));
        expect(Money.sum(units.map(yuan), 'CNY').toUnits()).toBe(Units18.sum(units));
        expect(Units18.sum(units.toReversed())).toBe(Units18.sum(units));
      }),
    );
  });

  it('round alike, by less than one minor unit, to whole minor units', () => {
    always(
      fc.property(halfUnits, currency, (units, code) => {
        const amount = Money.ofUnits(units, code);
        const floor = Units18.floorToMinor(units, code);
        const ceil = Units18.ceilToMinor(units, code);
        expect(amount.floorToMinor().rounded.toUnits()).toBe(floor.rounded);
        expect(amount.floorToMinor().residue.toUnits()).toBe(floor.residue);
        expect(amount.ceilToMinor().rounded.toUnits()).toBe(ceil.rounded);
        expect(amount.ceilToMinor().residue.toUnits()).toBe(ceil.residue);
        expect(floor.rounded + floor.residue).toBe(units);
        expect(ceil.rounded - ceil.residue).toBe(units);
        expect(Units18.floorToMinor(floor.rounded, code).residue).toBe(0n);
        expect(floor.residue >= 0n && ceil.residue >= 0n).toBe(true);
      }),
    );
  });
});

describe('topUpForCredits', () => {
  it('never gives fewer credits than were asked for, and never asks a minor unit too much', () => {
    const rate = fc.bigInt(1n, 10n ** 22n).map((units) => Units18.toText(Units18.of(units)));
    always(
      fc.property(rate, rate, fc.bigInt(0n, 10n ** 24n), (credits, amount, wanted) => {
        const plan: Plan = { code: 'any', unit: 'credit', creditsPer: { credits, amount } };
        const perCredits = Units18.fromText(credits);
        const perAmount = Units18.fromText(amount);
        const ceiling = (wanted * perAmount) / perCredits;
        fc.pre(ceiling < 10n ** 37n);
        const paid = topUpForCredits(Units18.toText(Units18.of(wanted)), plan, 'CNY');
        const cent = 10n ** 16n;
        expect(paid.toUnits() * perCredits >= wanted * perAmount).toBe(true);
        expect((paid.toUnits() - cent) * perCredits < wanted * perAmount).toBe(true);
      }),
    );
  });
});

describe('toCredits', () => {
  it('is off by at most half of its last digit', () => {
    always(
      fc.property(fc.bigInt(-(10n ** 30n), 10n ** 30n), fc.nat(6), (units, digits) => {
        const plan: Plan = {
          code: 'usd-credit',
          unit: 'credit',
          creditsPer: { credits: '1', amount: '7.14' },
        };
        const shown = toCredits(yuan(Units18.of(units)), plan, digits);
        const inCents = Units18.fromText(shown.credits) * 714n;
        const error = inCents - units * 100n;
        const half = (714n * 10n ** BigInt(18 - digits)) / 2n;
        expect(error <= half && error >= -half).toBe(true);
        expect(shown.rounding === 'exact').toBe(error === 0n);
      }),
    );
  });
});
