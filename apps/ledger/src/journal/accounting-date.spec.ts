import { Instant } from '@app/bookkeeping';
import { describe, expect, it } from '@jest/globals';
import { accountingDateOf } from './accounting-date.ts';

describe('accountingDateOf', () => {
  it.each([
    ['2026-11-22T15:59:59.999999Z', '2026-11-22'],
    ['2026-11-22T16:00:00Z', '2026-11-23'],
    ['2026-12-31T16:00:00Z', '2027-01-01'],
    ['2024-02-29T00:00:00Z', '2024-02-29'],
    ['1969-12-31T16:00:00Z', '1970-01-01'],
  ])('gives %s to the day %s', (instant, date) => {
    expect(accountingDateOf(Instant.fromText(instant))).toBe(date);
  });
});
