import { describe, expect, it } from '@jest/globals';
import type { Derivation } from '@app/rating';
import { type CardState, type ProposedVersion, publication } from './price-publication.ts';

const now = '2026-11-22T08:00:00.5Z';
const proposed: ProposedVersion = {
  ...{ rateCardId: 'card', model: 'gpt-5.5', currency: 'CNY', effectiveFrom: '2026-12-01T00:00:00Z' },
  ...{
    rates: { input: '2.5', output: '15' },
    fallback: {},
    unitPrices: {},
    tiers: [],
    windows: [],
    limits: null,
  },
  ...{ basis: 'listed', derivation: null, costs: [] },
};
const empty: CardState = {
  versions: [],
  rated: false,
  inUse: false,
  now,
  earliestChange: '2026-11-22T08:01:00.5Z',
};
const first = { ...proposed, id: 'prv_1', announcedAt: now, publishedBy: 'spec', proposalId: null };

describe('publication', () => {
  it('accepts a price that begins later, also at this very instant', () => {
    const card = { ...empty, versions: [first], rated: true };
    for (const effectiveFrom of ['2027-01-01T00:00:00Z', now, '2026-11-22T08:00:00.500001Z']) {
      expect(publication({ ...proposed, effectiveFrom }, card)).toEqual({
        accepted: true,
        events: [{ ...proposed, effectiveFrom }],
      });
    }
  });

  it('lets the first price of a model begin in the past as long as no call was rated on the card', () => {
    const past = { ...proposed, effectiveFrom: '2023-11-16T00:00:00Z' };
    expect(publication(past, empty).accepted).toBe(true);
    expect(publication(past, { ...empty, versions: [{ ...first, model: 'gpt-4' }] }).accepted).toBe(true);
    const refusal = { code: 'price-in-the-past', effectiveFrom: past.effectiveFrom, now };
    expect(publication(past, { ...empty, rated: true })).toEqual({ accepted: false, refusal });
    expect(publication(past, { ...empty, versions: [first] })).toEqual({ accepted: false, refusal });
  });

  it('needs the announced lead for a change of a price in use, and none for a model’s first price', () => {
    const inUse = { ...empty, versions: [first], inUse: true };
    const early = { ...proposed, effectiveFrom: '2026-11-22T08:01:00.499999Z' };
    expect(publication(early, inUse)).toEqual({
      accepted: false,
      refusal: {
        code: 'price-too-soon',
        effectiveFrom: early.effectiveFrom,
        earliest: '2026-11-22T08:01:00.5Z',
      },
    });
    expect(publication({ ...early, effectiveFrom: inUse.earliestChange }, inUse).accepted).toBe(true);
    expect(publication({ ...early, model: 'another' }, inUse).accepted).toBe(true);
    expect(publication(early, { ...inUse, inUse: false }).accepted).toBe(true);
  });

  it('refuses a microsecond too early', () => {
    const early = { ...proposed, effectiveFrom: '2026-11-22T08:00:00.499999Z' };
    expect(publication(early, { ...empty, rated: true })).toMatchObject({
      refusal: { code: 'price-in-the-past' },
    });
  });

  it('changes nothing when the same version comes again, and refuses another of the same instant', () => {
    const card = { ...empty, versions: [first], rated: true, now: '2030-01-01T00:00:00Z' };
    const again = {
      ...proposed,
      effectiveFrom: '2026-12-01T00:00:00.000Z',
      rates: { output: '15', input: '2.5' },
    };
    expect(publication(again, card)).toEqual({ accepted: true, events: [] });
    expect(publication({ ...proposed, rates: { input: '2.6', output: '15' } }, card)).toEqual({
      accepted: false,
      refusal: { code: 'price-exists', priceVersionId: 'prv_1' },
    });
  });

  it('refuses a price that rating could not use, naming the field', () => {
    const bad = { ...proposed, rates: { input: '0.0000000000001', output: '15' } };
    expect(publication(bad, empty)).toMatchObject({
      accepted: false,
      refusal: { code: 'invalid-price', problems: [{ field: 'rates.input', problem: 'too-many-decimals' }] },
    });
  });

  it('publishes a derived price only as its inputs give it, and names what does not follow', () => {
    const derivation: Derivation = {
      official: {
        ...{
          currency: 'USD',
          asOf: '2026-11-22',
          source: 'the supplier',
          rates: { input: '30', output: '60' },
        },
        ...{ unitPrices: {}, tiers: [], windows: [] },
      },
      fx: { rate: '7.1', asOf: '2026-11-22', source: 'central parity' },
      discount: { times: '1', dividedBy: '1' },
      rounding: { mode: 'half-up', decimals: 12 },
    };
    const derived = { ...proposed, basis: 'derived' as const, derivation };
    expect(publication({ ...derived, rates: { input: '213', output: '426' } }, empty).accepted).toBe(true);
    const wrong = { ...derived, rates: { input: '231', output: '426' } };
    expect(publication(wrong, empty)).toEqual({
      accepted: false,
      refusal: {
        code: 'invalid-price',
        problems: [{ code: 'does-not-follow', field: 'rates.input', computed: '213' }],
      },
    });
    expect(publication({ ...wrong, basis: 'listed' }, empty).accepted).toBe(true);
  });

  it('checks what upstreams charge us like any price', () => {
    const derivation: Derivation = {
      official: {
        ...{ currency: 'USD', asOf: '2026-11-22', source: 'the supplier', rates: { input: '1' } },
        ...{ unitPrices: {}, tiers: [], windows: [] },
      },
      fx: { rate: '0', asOf: '2026-11-22', source: 'central parity' },
      discount: { times: '1', dividedBy: '1' },
      rounding: { mode: 'half-up', decimals: 12 },
    };
    const terms = { rates: { input: '1' }, fallback: {}, unitPrices: {}, tiers: [], windows: [] };
    const costs = [{ upstream: 'openai', derivation, terms }];
    expect(publication({ ...proposed, costs }, empty)).toMatchObject({
      refusal: { problems: [{ code: 'zero-input', field: 'costs.0.derivation.fx.rate' }] },
    });
  });

  it('keeps a card in one currency', () => {
    expect(publication({ ...proposed, currency: 'USD' }, { ...empty, versions: [first] })).toEqual({
      accepted: false,
      refusal: { code: 'other-currency', currency: 'USD', cardCurrency: 'CNY' },
    });
  });
});
