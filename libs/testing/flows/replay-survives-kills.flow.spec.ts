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
    const kills: Promise<void>[] = [];
    while (kills.length < 8 && !(await Promise.race([isOver, after(1_000).then(() => false)]))) {
      // Before the second round every service is back; within a round they are down together.
      if (kills.length === services.length) await Promise.all(kills);
      kills.push(platform.kill(services[kills.length % services.length] ?? 'metering'));
    }
    await Promise.all(kills);
    const { status, output } = await replay;
    expect([status, status === 0 ? '' : output]).toEqual([0, '']);
    expect(kills.length).toBeGreaterThanOrEqual(services.length);
  }, 300_000);

  it('changes nothing when the same file comes again', async () => {
    const { status, output } = await platform.run('bench/src/replay', [sample]);
    expect([status, status === 0 ? '' : output]).toEqual([0, '']);
    expect(output).toMatch(/changed nothing|nothing new|nothing changed/i);
  }, 180_000);
});
