import type { TopUpStatus } from '@app/funding';
import { describe, expect, it } from '@jest/globals';
import { nextLook } from './look-schedule.ts';

const now = new Date('2026-11-22T08:00:00.000Z');
const expiresAt = new Date('2026-11-22T08:15:00.000Z');

const secondsUntil = (order: { status: TopUpStatus; hasAction?: boolean; checks?: number }, at = now) => {
  const next = nextLook({ hasAction: true, checks: 0, expiresAt, ...order }, at);
  return next === undefined ? undefined : (next.getTime() - at.getTime()) / 1000;
};

describe('nextLook', () => {
  it('leaves a call that may be under way alone for a while, then asks quickly and ever less often', () => {
    expect(secondsUntil({ status: 'created', checks: 0 })).toBe(15);
    expect([1, 2, 3, 9].map((checks) => secondsUntil({ status: 'created', checks }))).toEqual([2, 5, 10, 60]);
    expect([0, 1, 2, 9].map((checks) => secondsUntil({ status: 'unknown', checks }))).toEqual([1, 2, 5, 60]);
  });

  it('asks about a pending order ever less often, but right after its end', () => {
    expect([0, 1, 2, 3, 4, 9].map((checks) => secondsUntil({ status: 'pending', checks }))).toEqual([
      30, 60, 180, 300, 600, 600,
    ]);
    expect(secondsUntil({ status: 'pending', checks: 4 }, new Date('2026-11-22T08:14:00.000Z'))).toBe(61);
    expect(secondsUntil({ status: 'pending', checks: 0 }, new Date('2026-11-22T08:15:01.000Z'))).toBe(1);
  });

  it('asks soon about a pending order that has no way to be paid yet', () => {
    expect(secondsUntil({ status: 'pending', hasAction: false })).toBe(1);
  });

  it.each(['succeeded', 'closed', 'failed', 'review', 'paid_back'] as const)(
    'never asks about one that is %s',
    (status) => {
      expect(secondsUntil({ status })).toBeUndefined();
    },
  );
});
