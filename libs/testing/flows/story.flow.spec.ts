import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runningPlatform, type RunningPlatform } from './running-platform.ts';

describe('the first-steps story', () => {
  let platform: RunningPlatform;
  beforeAll(async () => {
    platform = await runningPlatform('story');
  }, 180_000);
  afterAll(async () => {
    await platform.stop();
  }, 60_000);

  it('is told to its end, and again on the data it left', async () => {
    for (const time of ['first', 'second']) {
      const { status, output } = await platform.run('sandbox/src/story');
      expect([time, status, status === 0 ? '' : output]).toEqual([time, 0, '']);
    }
  }, 180_000);

  it('leaves no secret in any log', () => {
    for (const service of ['gateway', 'metering', 'ledger', 'payments'] as const) {
      const log = platform.logOf(service);
      expect(log.length).toBeGreaterThan(0);
      expect(log.match(/sk-[0-9A-Za-z]{20,}|Bearer [\w-]{10,}|BEGIN [A-Z ]*PRIVATE KEY/g)).toBeNull();
    }
  });
});
