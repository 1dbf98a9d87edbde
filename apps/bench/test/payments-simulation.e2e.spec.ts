import { testServers, topicPrefix } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Chance } from '../src/simulation/chance.ts';
import { simulate } from '../src/simulation/simulation.ts';
import { Stage } from '../src/simulation/stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open({ ...testServers(), prefix: topicPrefix() });
}, 120_000);
afterAll(async () => {
  await stage.close();
}, 60_000);

describe('customers, providers that fail, people and crashes by chance', () => {
  it('leave books that balance and are what the providers say', async () => {
    const wanted = { steps: 200, seed: 4, customers: 8, between: 200 };
    const { broken, history, ...counted } = await simulate(stage, wanted, () => undefined);
    expect({ broken, history: broken.length > 0 ? history : [] }).toEqual({ broken: [], history: [] });
    expect(counted.orders).toBeGreaterThan(10);
    expect(counted.refunds).toBeGreaterThan(3);
    expect(counted.restarts).toBeGreaterThan(0);
  }, 300_000);
});

describe('chance', () => {
  it('repeats itself for the same seed, and keeps to its weights', () => {
    const drawn = (seed: number) => {
      const chance = new Chance(seed);
      return Array.from({ length: 1_000 }, () => chance.weighted({ often: 9, seldom: 1 }));
    };
    expect(drawn(5)).toEqual(drawn(5));
    expect(drawn(5)).not.toEqual(drawn(6));
    const seldom = drawn(5).filter((name) => name === 'seldom').length;
    expect(seldom).toBeGreaterThan(60);
    expect(seldom).toBeLessThan(140);
  });
});
