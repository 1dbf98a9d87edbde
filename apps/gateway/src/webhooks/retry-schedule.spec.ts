import { describe, expect, it } from '@jest/globals';
import { attemptsMax, failingMsMax, pauseAfterMs } from './retry-schedule.ts';

const pauses = (chance: number) =>
  Array.from({ length: attemptsMax }, (_, at) => pauseAfterMs(at + 1, chance));

describe('pauseAfterMs', () => {
  it('goes from seconds to a day, and ends', () => {
    const [first, ...rest] = pauses(0);
    expect(first).toBe(5_000);
    expect(rest.at(-2)).toBe(86_400_000);
    expect(rest.at(-1)).toBeUndefined();
  });

  it('tries for three days at least before an endpoint is given up', () => {
    const total = pauses(0).reduce<number>((sum, pause) => sum + (pause ?? 0), 0);
    expect(total).toBeGreaterThan(failingMsMax);
    expect(total).toBeLessThan(failingMsMax + 86_400_000);
  });

  it('is lengthened by chance, by a tenth at most', () => {
    expect(pauseAfterMs(1, 1)).toBe(5_500);
  });
});
