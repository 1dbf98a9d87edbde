import { type EventOf, type PriceVersionPublished, topics } from '@app/contracts';
import { freshDatabase } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  aCustomer,
  aPrice,
  aReport,
  openMetering,
  type OpenMetering,
  publishedOf,
} from '../../test/open-metering.ts';

let metering: OpenMetering;
beforeAll(async () => {
  metering = await openMetering(await freshDatabase('metering-prices'));
});
afterAll(() => metering.close());

const events = () => metering.outboxOf<EventOf<typeof PriceVersionPublished>>(topics.prices);

describe('publishing a price', () => {
  it('writes the version and its event once, however often and by how many it is asked', async () => {
    const results = await Promise.all(
      Array.from({ length: 8 }, () =>
        metering.publishPrice.handle(aPrice('2023-01-01T00:00:00Z', '2.5', '15')),
      ),
    );
    expect(new Set(results.map((result) => publishedOf(result).id)).size).toBe(1);
    expect((await events()).map(({ data }) => data.terms.rates)).toEqual([{ input: '2.5', output: '15' }]);
  });

  it('is closed for the past of a card once a call was rated on it', async () => {
    await metering.deliver('customers', metering.batchOf(topics.customers, [aCustomer()]));
    await metering.recordUsage.handle([aReport('one')]);
    await metering.deliver('usage', metering.batchOf(topics.usage, await metering.outboxOf(topics.usage)));
    const result = await metering.publishPrice.handle(aPrice('2023-01-01T00:00:00Z', '1', '1', 'late-model'));
    expect(result).toMatchObject({
      outcome: 'refused',
      examination: { versions: [{ refusal: { code: 'price-in-the-past' } }] },
    });
  });

  it('is never changed or taken back, not even by the owner of the table', async () => {
    const statements = [
      "UPDATE price_version SET currency = 'USD'",
      'DELETE FROM price_version',
      'TRUNCATE price_version',
    ];
    for (const statement of statements) {
      await expect(metering.database.query(statement)).rejects.toThrow('never changed or taken back');
    }
  });
});
