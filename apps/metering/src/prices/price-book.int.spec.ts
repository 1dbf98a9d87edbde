import { readFileSync } from 'node:fs';
import { freshDatabase } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openMetering, type OpenMetering } from '../../test/open-metering.ts';
import { AuditPricesHandler } from './audit-prices.handler.ts';
import { ListImport, ListPrices, versionsOfList } from './list-prices.ts';
import { priceFileFormats, readPriceFile, writePriceFile } from './price-file.ts';
import { proposedVersionOf, type PublishOnCard } from './price-view.ts';

let metering: OpenMetering;
beforeAll(async () => {
  metering = await openMetering(await freshDatabase('metering-price-book'));
});
afterAll(() => metering.close());

const sample = (name: string) =>
  readFileSync(new URL(`../../../../docs/samples/prices/${name}`, import.meta.url), 'utf8');
const list = ListPrices.parse(JSON.parse(sample('list-prices.json')));
const fx = { rate: '7.1', asOf: '2026-11-20', source: 'central parity' };
const options = ListImport.parse({
  rateCardId: 'official',
  currency: 'CNY',
  effectiveFrom: '2026-01-01T00:00:00Z',
  fx,
});

const proposed = (versions: readonly PublishOnCard[]) =>
  versions.map(({ rateCardId, ...body }) => proposedVersionOf(rateCardId, body));
const publish = (versions: readonly PublishOnCard[]) =>
  metering.publishPrices.handle({ versions: proposed(versions), by: 'spec', reason: undefined });
function read(name: string): readonly PublishOnCard[] {
  const file = readPriceFile('yaml', sample(name));
  if ('problems' in file) throw new Error(JSON.stringify(file.problems));
  return file.versions;
}
const audit = (card: string) => new AuditPricesHandler(metering.book).handle(card, list);

describe('the official list', () => {
  it('is imported whole, with tiers, and its derivations follow', async () => {
    const agreed = list.models.filter(({ agree }) => agree).length;
    expect(await publish(versionsOfList(list, options))).toMatchObject({ outcome: 'published' });
    expect(await audit('official')).toEqual({ versions: agreed, withInputs: agreed, reported: [] });
    const [found] = await metering.book.list({ rateCardIds: ['official'], model: 'gpt-5.4' });
    // $2.5, $5 over 272,000 tokens, at 7.1.
    expect(found?.version).toMatchObject({
      rates: { input: '17.75' },
      tiers: [{ rates: { input: '35.5' } }],
    });
  });

  it.each(priceFileFormats)('is exported and imported again without a change: %s', async (format) => {
    const book = await metering.book.list({ rateCardIds: ['official'] });
    const file = readPriceFile(
      format,
      writePriceFile(
        format,
        book.map(({ version }) => version),
      ),
    );
    if ('problems' in file) throw new Error(JSON.stringify(file.problems));
    const { examination } = await metering.publishPrices.examine(proposed(file.versions));
    expect(examination.versions).toHaveLength(book.length);
    expect(examination.versions.filter(({ published }) => published === undefined)).toEqual([]);
  });
});

describe('the table of the credit page', () => {
  it('is imported as it stands, and the audit says which rows do not follow and which official prices have changed', async () => {
    expect(await publish(read('credit-card.yaml'))).toMatchObject({ outcome: 'published' });
    const { reported } = await audit('credit-page');
    const prices = reported.flatMap(({ model, findings }) =>
      findings.map(({ field, stated, computed }) => [model, field, stated, computed]),
    );
    expect(prices).toEqual([
      ['gpt-3.5-turbo', 'rates.input', '4', '5'],
      ['gpt-3.5-turbo', 'rates.output', '4', '5'],
      ['gpt-4', 'rates.input', '231', '213'],
    ]);
    expect(
      reported.map(({ model, officialDifferences }) => [
        model,
        officialDifferences.map(({ listed }) => listed),
      ]),
    ).toEqual([
      ['gpt-3.5-turbo', ['0.5', '1.5']],
      ['gpt-4', []],
    ]);
  });

  it('is not published as derived: what does not follow is refused, and nothing of the file is', async () => {
    const derived = read('credit-card.yaml').map((one) => ({
      ...one,
      rateCardId: 'strict',
      basis: 'derived' as const,
    }));
    const result = await publish(derived);
    expect(result).toMatchObject({ outcome: 'refused' });
    expect(await metering.book.list({ rateCardIds: ['strict'] })).toEqual([]);
  });
});

describe('the example of the price page', () => {
  it('is imported from its file', async () => {
    expect(await publish(read('example-card.yaml'))).toMatchObject({
      outcome: 'published',
      published: [{ model: 'gpt-5.5', rates: { input: '2.5', output: '15' } }],
    });
  });
});
