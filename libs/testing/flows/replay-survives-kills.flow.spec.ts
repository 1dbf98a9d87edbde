import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { runningPlatform, type RunningPlatform, type ServiceName } from './running-platform.ts';

const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const sample = join(import.meta.dirname, '../../../docs/samples/azure-llm-2023-conv.sample.csv');

describe('the replay of real calls', () => {
  let platform: RunningPlatform;
  beforeAll(async () => {
    platform = await runningPlatform('replay');
  }, 180_000);
  afterAll(async () => {
    await platform.stop();
  }, 60_000);

  it('comes to the exact total although every service is killed on the way', async () => {
    const services: readonly ServiceName[] = ['metering', 'ledger', 'payments', 'gateway'];
    const replay = platform.run('bench/src/replay', [sample]);
    const isOver = replay.then(() => true);
    let kills = 0;
    while (kills < 8 && !(await Promise.race([isOver, after(700).then(() => false)]))) {
      await platform.kill(services[kills % services.length] ?? 'metering');
      kills += 1;
    }
    const { status, output } = await replay;
    expect([status, status === 0 ? '' : output]).toEqual([0, '']);
    expect(kills).toBeGreaterThanOrEqual(services.length);
  }, 300_000);

  it('changes nothing when the same file comes again', async () => {
    const { status, output } = await platform.run('bench/src/replay', [sample]);
    expect([status, status === 0 ? '' : output]).toEqual([0, '']);
    expect(output).toMatch(/changed nothing|nothing new|nothing changed/i);
  }, 180_000);
});
