import { describe, expect, it } from '@jest/globals';
import { waitFor } from './refund-wait.ts';

const day = 86_400_000;
const paidAt = new Date('2026-01-01T00:00:00Z');
const policyOf = (refundWindowDays: number) => ({
  currencies: ['CNY'],
  methods: ['qr'] as const,
  orderMinorMax: 1n,
  refundWindowDays,
  refundsPerOrderMax: 50,
  refundSpacingMs: 60_000,
});
const order = { paidAt, refundCount: 0, lastRefundAt: undefined };
const after = (days: number) => new Date(paidAt.getTime() + days * day);

describe('waitFor', () => {
  it.each([
    [365, 363, 'go'],
    [365, 364, 'go'],
    [365, 364.001, 'people'],
    [365, 366, 'people'],
    [90, 89, 'go'],
    [90, 89.001, 'people'],
    [90, 91, 'people'],
  ])('within a window of %i days lets an item go after %d: %s', (window, days, expected) => {
    expect(waitFor(order, policyOf(window), { now: after(days), isFirst: true })).toBe(expected);
  });

  it('lets what was sent before be sent again, whatever the window says', () => {
    expect(waitFor(order, policyOf(90), { now: after(91), isFirst: false })).toBe('go');
  });

  it('leaves the 51st refund of an order to people', () => {
    const now = after(1);
    expect(waitFor({ ...order, refundCount: 49 }, policyOf(365), { now, isFirst: true })).toBe('go');
    expect(waitFor({ ...order, refundCount: 50 }, policyOf(365), { now, isFirst: true })).toBe('people');
  });

  it('schedules an item that is too close to the one before', () => {
    const lastRefundAt = after(1);
    const now = new Date(lastRefundAt.getTime() + 59_999);
    expect(waitFor({ ...order, lastRefundAt }, policyOf(365), { now, isFirst: true })).toEqual(
      new Date(lastRefundAt.getTime() + 60_000),
    );
  });
});
