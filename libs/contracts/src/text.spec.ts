import { describe, expect, it } from '@jest/globals';
import { InstantText } from './text.ts';

describe('InstantText', () => {
  it.each([
    '2026-11-22T08:00:00Z',
    '2026-11-22T08:00:00.123456Z',
    '2024-02-29T00:00:00Z',
    '2000-02-29T23:59:59.9Z',
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999999Z',
  ])('is %s', (text) => {
    expect(InstantText.safeParse(text).success).toBe(true);
  });

  it.each([
    ['of the year 0, which PostgreSQL does not know', '0000-01-01T00:00:00Z'],
    ['of a day that no year has', '2026-02-30T00:00:00Z'],
    ['of a day that this month has not', '2026-11-31T00:00:00Z'],
    ['of a leap day in another year', '2026-02-29T00:00:00Z'],
    ['of a leap day in a century without', '1900-02-29T00:00:00Z'],
    ['in another zone', '2026-11-22T08:00:00+08:00'],
    ['with nanoseconds', '2026-11-22T08:00:00.123456789Z'],
    ['at 24 o’clock', '2026-11-22T24:00:00Z'],
  ])('is nothing %s', (_what, text) => {
    expect(InstantText.safeParse(text).success).toBe(false);
  });
});
