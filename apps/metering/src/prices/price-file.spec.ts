import { describe, expect, it } from '@jest/globals';
import { priceFileFormats, readPriceFile, writePriceFile } from './price-file.ts';
import { contentText } from './price-publication.ts';
import { PublishOnCard, proposedVersionOf } from './price-view.ts';
import { readyMadeVersions } from './ready-made-cards.ts';

const official = {
  ...{ currency: 'USD', asOf: '2026-11-22', source: 'the supplier, "list" page' },
  rates: { input: '2', output: '10', cached_input: '0.2' },
  tiers: [{ overInputTokens: 272_000, rates: { input: '4', output: '15' } }],
  windows: [{ fromUtc: '01:00', toUtc: '04:00', rates: { cached_input: '0.1' } }],
};
const derivation = {
  official,
  fx: { rate: '7.1', asOf: '2026-11-22', source: 'central parity' },
  discount: { dividedBy: '3.05' },
};
const whole = PublishOnCard.parse({
  ...{
    rateCardId: 'card',
    model: 'gpt-6-sol',
    currency: 'CNY',
    effectiveFrom: '2026-12-01T00:00:00.5Z',
    derivation,
  },
  costs: [{ upstream: 'openai', derivation: { official, fx: derivation.fx } }],
  limits: { contextTokens: 922_000, outputTokens: 128_000 },
});
const { rateCardId, ...body } = whole;
const published = [...readyMadeVersions, proposedVersionOf(rateCardId, body)].map((version) => ({
  ...{ ...version, id: 'prv_1', announcedAt: '2026-11-22T00:00:00Z', publishedBy: null, proposalId: null },
}));

const header = 'rate_card,model,effective_from,currency,kind,price';
const csv = (...rows: string[]) => readPriceFile('csv', [header, ...rows].join('\n'));

describe('a file of prices', () => {
  it.each(priceFileFormats)('read again changes nothing: %s', (format) => {
    const read = readPriceFile(format, writePriceFile(format, published));
    if ('problems' in read) throw new Error(JSON.stringify(read.problems));
    const again = read.versions.map(({ rateCardId: card, ...rest }) => proposedVersionOf(card, rest));
    expect(again.map(contentText)).toEqual(published.map(contentText));
    expect(again.map((one) => [one.rateCardId, one.model, one.currency, one.effectiveFrom])).toEqual(
      published.map((one) => [one.rateCardId, one.model, one.currency, one.effectiveFrom]),
    );
  });

  it('of two rates is two rows', () => {
    const at = 'card,m,2026-12-01T00:00:00Z,CNY';
    expect(csv(`${at},input,2.5`, `${at},output,15`)).toMatchObject({
      versions: [{ rateCardId: 'card', model: 'm', rates: { input: '2.5', output: '15' } }],
    });
  });

  it.each([
    [
      'a price that is no decimal',
      ['card,m,2026-12-01T00:00:00Z,CNY,input,2.5', 'card,m,2026-12-01T00:00:00Z,CNY,output,1e3'],
      'row 3, price',
    ],
    ['a time that is none', ['card,m,tomorrow,CNY,input,2.5'], 'row 2, effective_from'],
    [
      'another currency within a version',
      ['card,m,2026-12-01T00:00:00Z,CNY,input,2.5', 'card,m,2026-12-01T00:00:00Z,USD,output,1'],
      'row 3, currency',
    ],
    ['a kind that there is not', ['card,m,2026-12-01T00:00:00Z,CNY,thinking,2.5'], 'row 2, price'],
  ])('names row and column of %s', (_what, rows, field) => {
    expect(csv(...rows)).toMatchObject({ problems: [{ field }] });
  });

  it('names a column that is none, and the path in a YAML document', () => {
    expect(readPriceFile('csv', 'rate_card,colour\ncard,red')).toMatchObject({
      problems: [{ field: 'row 1, colour' }],
    });
    const yaml =
      'prices:\n  - {rateCardId: card, model: m, currency: CNY, effectiveFrom: soon, rates: {input: 2.50}}';
    expect(readPriceFile('yaml', yaml)).toMatchObject({
      problems: [{ field: 'prices.0.effectiveFrom' }, { field: 'prices.0.rates.input' }],
    });
    expect(readPriceFile('yaml', 'prices: [')).toMatchObject({ problems: [{ field: 'content' }] });
  });
});
