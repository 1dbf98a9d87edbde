import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { comeToRest } from '../src/simulation/quiet.ts';
import { oneStep } from '../src/simulation/simulation.ts';
import { Stage } from '../src/simulation/stage.ts';
import { World } from '../src/simulation/world.ts';
import { ownServers, type OwnServers } from './own-servers.ts';

/** A minute in `npm run check:crashes`; shortly in every run. */
const outageSeconds = Number(process.env['OUTAGE_SECONDS'] ?? '5');
const whatGoesOn = { topUp: 6, pay: 6, refund: 3, endRefund: 3, tellAgain: 1, again: 1 };

let servers: OwnServers;
let stage: Stage;
let world: World;

beforeAll(async () => {
  servers = await ownServers();
  stage = await Stage.open(servers);
  world = new World(stage, 7);
  for (let index = 0; index < 5; index += 1) await world.join();
}, 240_000);
afterAll(async () => {
  await stage.close();
  await servers.close();
}, 60_000);

const until = async (deadline: number): Promise<void> => {
  while (performance.now() < deadline) {
    await oneStep(world, whatGoesOn);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};

describe.each(['kafka', 'postgres'] as const)('while %s is down', (name) => {
  it('top-ups and refunds go on as far as they can; afterwards the books and the providers agree', async () => {
    for (let step = 0; step < 40; step += 1) await oneStep(world, whatGoesOn);
    await servers[name].stop();
    await until(performance.now() + outageSeconds * 1000);
    await servers[name].start();
    await until(performance.now() + 2_000);
    expect(await comeToRest(world)).toEqual([]);
  }, 300_000);
});
