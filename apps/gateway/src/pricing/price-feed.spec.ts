import { describe, expect, it } from '@jest/globals';
import { priceFeedOf } from './price-feed.ts';

const version = {
  ...{ priceVersionId: 'prv_2', rateCard: 'standard', model: 'gpt-5.5', currency: 'CNY', basis: 'listed' },
  ...{ effectiveFrom: '2026-12-01T00:00:00Z', effectiveTo: '', announcedAt: '2026-11-22T08:00:00Z' },
  ...{ terms: undefined, derivation: undefined, limits: undefined },
};

describe('priceFeedOf', () => {
  it('tells each announcement once, with what it changes, as JSON Feed 1.1 asks', () => {
    const fields = [
      { field: 'rates.input', before: '2.5', after: '3' },
      { field: 'unitPrices.image', before: '', after: '0.2' },
    ];
    expect(priceFeedOf([{ version, previousPriceVersionId: 'prv_1', fields }])).toEqual({
      version: 'https://jsonfeed.org/version/1.1',
      title: 'Price changes',
      description: expect.any(String),
      items: [
        {
          id: 'prv_2',
          title: 'gpt-5.5 (standard): new price from 2026-12-01T00:00:00Z',
          content_text:
            'In CNY, rates per million tokens:\nrates.input: 2.5 → 3\nunitPrices.image: none → 0.2',
          date_published: '2026-11-22T08:00:00Z',
          tags: ['standard', 'gpt-5.5'],
        },
      ],
    });
  });

  it('says which price is a model’s first', () => {
    const [item] = priceFeedOf([{ version, previousPriceVersionId: '', fields: [] }]).items;
    expect(item?.title).toContain('first price');
  });
});
