import { describe, expect, it } from '@jest/globals';
import { instantOfMicros, later } from './clock.ts';

describe('instantOfMicros', () => {
  it('writes all six digits', () => {
    expect(instantOfMicros(1_795_334_460_123_456)).toBe('2026-11-22T08:01:00.123456Z');
    expect(instantOfMicros(1_795_334_460_000_007)).toBe('2026-11-22T08:01:00.000007Z');
  });
});

describe('later', () => {
  it('moves on by milliseconds and keeps the microseconds', () => {
    expect(later('2026-11-22T08:01:00.123456Z', 90_000)).toBe('2026-11-22T08:02:30.123456Z');
    expect(later('2026-11-22T23:59:59.5Z', 1_500)).toBe('2026-11-23T00:00:01.000000Z');
  });
});
