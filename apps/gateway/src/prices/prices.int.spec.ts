import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type EventOf, PriceVersionPublished } from '@app/contracts';
import { Database, messagingMigration, migrate } from '@app/persistence';
import { eventually, freshDatabase } from '@app/testing';
import { CustomersAndKeys } from '../migrations/0002-customers-and-keys.ts';
import { PricesProjection } from './prices.projection.ts';

type Published = EventOf<typeof PriceVersionPublished>;

let database: Database;

beforeAll(async () => {
  const options = { url: await freshDatabase('gateway prices'), applicationName: 'gateway spec' };
  await migrate({ ...options, migrations: [messagingMigration, CustomersAndKeys] });
  database = new Database(options);
});
afterAll(() => database.close());

const version = (id: string, changes: Partial<Published['data']>): Published => {
  const { sample } = PriceVersionPublished;
  return { ...sample, id: `${id}:published`, data: { ...sample.data, priceVersionId: id, ...changes } };
};
const record = (...versions: Published[]) =>
  database.transaction((tx) => new PricesProjection(database).record(tx, versions));
const idAt = async (prices: PricesProjection, model: string, at: string) =>
  (await prices.priceAt('standard', model, at))?.id;

describe('PricesProjection', () => {
  it('gives each instant the version of its time, to the microsecond', async () => {
    await record(
      version('prv_b', { model: 'm', effectiveFrom: '2026-06-01T00:00:00Z' }),
      version('prv_a', { model: 'm', effectiveFrom: '2026-01-01T00:00:00Z' }),
    );
    const prices = new PricesProjection(database);
    expect(await idAt(prices, 'm', '2025-12-31T23:59:59.999999Z')).toBeUndefined();
    expect(await idAt(prices, 'm', '2026-05-31T23:59:59.999999Z')).toBe('prv_a');
    expect(await idAt(prices, 'm', '2026-06-01T00:00:00Z')).toBe('prv_b');
    expect(await prices.priceAt('another-card', 'm', '2026-06-01T00:00:00Z')).toBeUndefined();
  });

  it('changes nothing when a version comes again', async () => {
    await record(version('prv_c', { model: 'n' }));
    await record(version('prv_c', { model: 'n' }));
    const rows = await database.query(`SELECT 1 FROM price_version WHERE price_version_id = 'prv_c'`);
    expect(rows).toHaveLength(1);
  });

  it('never answers with what it read long ago, also where nobody asked meanwhile', async () => {
    const prices = new PricesProjection(database);
    expect(await idAt(prices, 'later', '2026-12-01T00:00:00Z')).toBeUndefined();
    await record(version('prv_later', { model: 'later' }));
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await idAt(prices, 'later', '2026-12-01T00:00:00Z')).toBe('prv_later');
  });

  it('sees a version that was committed after a later one', async () => {
    const prices = new PricesProjection(database);
    await idAt(prices, 'slow', '2026-12-01T00:00:00Z');
    let commit = () => {};
    const written = new Promise<void>((resolve) => {
      const slow = database.transaction(async (tx) => {
        await prices.record(tx, [version('prv_slow', { model: 'slow' })]);
        resolve();
        await new Promise<void>((release) => (commit = release));
      });
      slow.catch(() => undefined);
    });
    await written;
    await record(version('prv_quick', { model: 'quick' }));
    // What was read is good for a second.
    expect(await eventually(() => idAt(prices, 'quick', '2026-12-01T00:00:00Z'))).toBe('prv_quick');
    commit();
    expect(await eventually(() => idAt(prices, 'slow', '2026-12-01T00:00:00Z'))).toBe('prv_slow');
  });
});
