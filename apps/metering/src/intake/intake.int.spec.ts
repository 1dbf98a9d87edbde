import { topics } from '@app/contracts';
import { freshDatabase } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  aCustomer,
  aReport,
  openMetering,
  type OpenMetering,
  type Recorded,
} from '../../test/open-metering.ts';

let metering: OpenMetering;

beforeAll(async () => {
  metering = await openMetering(await freshDatabase('metering-intake'));
  await metering.deliver('customers', metering.batchOf(topics.customers, [aCustomer()]));
});
afterAll(() => metering.close());

const recorded = async (): Promise<number> => (await metering.outboxOf<Recorded>(topics.usage)).length;

describe('recording usage', () => {
  it('takes a report once for ever, and says that it came again', async () => {
    const [first] = await metering.recordUsage.handle([aReport('once')]);
    const before = await recorded();
    const again = await metering.recordUsage.handle([aReport('once'), aReport('once')]);
    expect(first).toMatchObject({ outcome: 'recorded' });
    expect(again.map(({ outcome }) => outcome)).toEqual(['duplicate', 'duplicate']);
    expect(
      new Set([first, ...again].map((result) => (result && 'callId' in result ? result.callId : ''))).size,
    ).toBe(1);
    expect(await recorded()).toBe(before);
  });

  it('refuses a report that was changed, within a batch and ever after', async () => {
    const results = await metering.recordUsage.handle([
      aReport('changed'),
      aReport('changed', { tokens: { input: 1 } }),
      aReport('other-source', { source: 'another' }),
    ]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['recorded', 'refused', 'recorded']);
    const [later] = await metering.recordUsage.handle([aReport('changed', { model: 'gpt-4' })]);
    expect(later).toMatchObject({ outcome: 'refused', problem: { code: 'conflict', field: 'id' } });
  });

  it('names what is wrong with each bad item and records the others', async () => {
    const results = await metering.recordUsage.handle([
      aReport('good'),
      aReport('negative', { tokens: { input: -1 } }),
      aReport('kind', { tokens: { inputs: 1 } }),
      aReport('day', { occurredAt: '2026-02-31T00:00:00Z' }),
      aReport('future', { occurredAt: '2099-01-01T00:00:00Z' }),
      aReport('zone', { occurredAt: '2026-02-28T00:00:00+08:00' }),
      aReport('nobody', { customerId: 'cus_nobody' }),
      aReport('empty', { tokens: {} }),
      aReport('relay', { source: 'gateway' }),
      aReport('extra', { price: '0' }),
      'not an object',
    ]);
    expect(results.map((result) => ('problem' in result ? result.problem.field : result.outcome))).toEqual([
      ...['recorded', 'tokens.input', 'tokens.inputs', 'occurredAt', 'occurredAt', 'occurredAt'],
      ...['customerId', 'tokens', 'source', 'price', ''],
    ]);
  });

  it('takes the same report from 20 callers at once a single time', async () => {
    const before = await recorded();
    const results = await Promise.all(
      Array.from({ length: 20 }, () => metering.recordUsage.handle([aReport('race-b'), aReport('race-a')])),
    );
    expect(results.flat().filter(({ outcome }) => outcome === 'recorded')).toHaveLength(2);
    expect(await recorded()).toBe(before + 2);
  });
});
