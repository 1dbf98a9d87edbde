import { InvariantViolation } from '@app/decider';
import { describe, expect, it } from '@jest/globals';
import { Instant, InvalidInstant } from './instant.ts';

describe('Instant', () => {
  it.each([
    ['1970-01-01T00:00:00Z', 0, '1970-01-01T00:00:00.000000Z'],
    ['1969-12-31T23:59:59.999999Z', -1, '1969-12-31T23:59:59.999999Z'],
    ['2026-11-22T08:00:30.5Z', 1_795_334_430_500_000, '2026-11-22T08:00:30.500000Z'],
    ['2026-11-22T08:00:30.123456Z', 1_795_334_430_123_456, '2026-11-22T08:00:30.123456Z'],
    ['2024-02-29T23:59:59.000001Z', 1_709_251_199_000_001, '2024-02-29T23:59:59.000001Z'],
  ])('reads %s as %d and writes it as %s', (text, microseconds, written) => {
    expect(Instant.fromText(text)).toBe(microseconds);
    expect(Instant.toText(Instant.of(microseconds))).toBe(written);
  });

  it.each([
    '',
    '2026-11-22',
    '2026-11-22T08:00:30',
    '2026-11-22T08:00:30+08:00',
    '2026-11-22T08:00:30.1234567Z',
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-22T24:00:00Z',
    '2026-11-22T08:00:60Z',
    ' 2026-11-22T08:00:30Z',
  ])('refuses %j', (text) => {
    expect(() => Instant.fromText(text)).toThrow(new InvalidInstant());
  });

  it('is whole', () => {
    expect(() => Instant.of(0.5)).toThrow(InvariantViolation);
    expect(() => Instant.of(Number.MAX_SAFE_INTEGER + 1)).toThrow(InvariantViolation);
  });
});
