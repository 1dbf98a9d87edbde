import { setTimeout as pause } from 'node:timers/promises';
import { Database } from '@app/persistence';
import { freshDatabase } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Reconciliations } from '../src/reconciliation/reconciliation.store.ts';

let database: Database;

beforeAll(async () => {
  database = new Database({ url: await freshDatabase('payments'), applicationName: 'spec' });
});
afterAll(async () => {
  await database.close();
});

describe('the comparison of a large day', () => {
  it('is alone to its end and ends well, though it takes longer than a transaction may stand idle', async () => {
    const reconciliations = new Reconciliations(database);
    const long = reconciliations.alone('wechat-pay', async () => {
      await pause(32_000);
      return 'compared';
    });
    await pause(31_000);
    expect(await reconciliations.alone('wechat-pay', () => Promise.resolve('beside'))).toBeUndefined();
    expect(await reconciliations.alone('alipay', () => Promise.resolve('beside'))).toBe('beside');
    expect(await long).toBe('compared');
    expect(await reconciliations.alone('wechat-pay', () => Promise.resolve('after'))).toBe('after');
  }, 60_000);
});
