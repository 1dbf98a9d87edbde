import { InvariantViolation } from '@app/decider';
import { describe, expect, it } from '@jest/globals';
import { compareInstants, minuteOfDay, minutes } from './instant.ts';

describe('compareInstants', () => {
  it.each([
    ['2026-11-22T08:00:00Z', '2026-11-22T08:00:00Z', 0],
    ['2026-11-22T08:00:00Z', '2026-11-22T08:00:00.000000Z', 0],
    ['2026-11-22T08:00:00Z', '2026-11-22T08:00:00.5Z', -1],
    ['2026-11-22T08:00:00.5Z', '2026-11-22T08:00:00.49Z', 1],
    ['2026-11-22T07:59:59.999999Z', '2026-11-22T08:00:00Z', -1],
    ['2027-01-01T00:00:00Z', '2026-12-31T23:59:59.999999Z', 1],
  ])('compares %s with %s', (left, right, expected) => {
    expect(compareInstants(left, right)).toBe(expected);
  });

  it.each([
    '2026-11-22',
    '2026-11-22T08:00:00+08:00',
    '2026-11-22T24:00:00Z',
    '2026-11-22T08:00:00.1234567Z',
    '',
  ])('takes no other form: %j', (text) => {
    expect(() => compareInstants(text, '2026-11-22T08:00:00Z')).toThrow(InvariantViolation);
    expect(() => minuteOfDay(text)).toThrow(InvariantViolation);
  });
});

describe('minuteOfDay', () => {
  it('counts from midnight UTC', () => {
    expect(minuteOfDay('2026-11-22T00:00:59.999999Z')).toBe(0);
    expect(minuteOfDay('2026-11-22T23:59:00Z')).toBe(1439);
    expect(minutes('24:00')).toBe(1440);
  });
});
