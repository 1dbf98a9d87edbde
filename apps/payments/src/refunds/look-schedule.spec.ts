import { describe, expect, it } from '@jest/globals';
import { nextItemLook } from './look-schedule.ts';

const now = new Date('2026-11-22T08:00:00.000Z');
const secondsUntil = (status: Parameters<typeof nextItemLook>[0]['status'], checks = 0) => {
  const next = nextItemLook({ status, checks }, now);
  return next === undefined ? undefined : (next.getTime() - now.getTime()) / 1000;
};

describe('nextItemLook', () => {
  it.each([
    ['created', [0, 0]],
    ['submitting', [15, 15]],
    ['unknown', [1, 2, 5, 10, 30, 60, 60]],
    ['processing', [10, 30, 60, 300, 1_800, 3_600, 3_600]],
    ['queued_funds', [60, 300, 1_800, 1_800]],
    ['abnormal', [3_600]],
  ] as const)('asks about an item that is %s after %j seconds', (status, expected) => {
    expect(expected.map((_, checks) => secondsUntil(status, checks))).toEqual(expected);
  });

  it.each(['manual_payout', 'succeeded', 'failed'] as const)('never asks about one that is %s', (status) => {
    expect(secondsUntil(status)).toBeUndefined();
  });
});
