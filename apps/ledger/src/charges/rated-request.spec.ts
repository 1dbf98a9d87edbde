import { describe, expect, it } from '@jest/globals';
import { aCharge, anUncharged } from '../../test/events.ts';
import { requestOfRated, type RatedEvent } from './rated-request.ts';

const waitSeconds = 86_400;
const rated = aCharge('cus_1', 'call_1', '0.0195', 'hold_1');
const fingerprintOf = (event: RatedEvent) => requestOfRated(event, waitSeconds).command.fingerprint;

describe('requestOfRated', () => {
  it('settles the hold of a call, and charges a call that has none', () => {
    expect(requestOfRated(rated, waitSeconds)).toMatchObject({
      bookId: 'cus_1',
      command: {
        type: 'settle-hold',
        holdId: 'hold_1',
        chargeId: 'call_1',
        eventId: 'call_1:rated',
        currency: 'CNY',
      },
    });
    expect(requestOfRated(aCharge('cus_1', 'use_1', '1'), waitSeconds).command.type).toBe('charge-usage');
  });

  it('releases the hold of a call that is not charged, for its reason', () => {
    expect(requestOfRated(anUncharged('cus_1', 'call_1', 'hold_1'), waitSeconds).command).toMatchObject({
      type: 'release-hold',
      holdId: 'hold_1',
      reason: 'upstream_failed',
      currency: null,
    });
  });

  it('accrues the cost of a batch of calls in the platform’s book', () => {
    const cost: RatedEvent = {
      ...{ id: 'cost_1:accrued', type: 'UpstreamCostAccrued', source: 'haoli/metering', time: rated.time },
      subject: 'platform:upstream:0',
      data: {
        ...{ batchId: 'cost_1', upstream: 'openai', bookId: 'platform:upstream:0', calls: 128 },
        cost: { amount: '3.85', currency: 'CNY' },
        occurredAt: rated.time,
      },
    };
    expect(requestOfRated(cost, waitSeconds)).toMatchObject({
      bookId: 'platform:upstream:0',
      command: { type: 'accrue-upstream-cost', upstream: 'openai', calls: 128 },
    });
  });

  it('knows a repeated event by all that it says, and by nothing else', () => {
    const { data } = rated;
    expect(fingerprintOf({ ...rated, source: 'other', traceparent: '00-1' })).toBe(fingerprintOf(rated));
    const changes: Partial<typeof data>[] = [
      { charge: { amount: '0.0196', currency: 'CNY' } },
      { charge: { amount: '0.0195', currency: 'USD' } },
      { holdId: null },
      { keyId: 'key_2' },
      { model: 'gpt-4' },
      { priceVersionId: 'prv_2' },
      { occurredAt: '2026-11-22T08:00:01Z' },
      { lines: data.lines.slice(1) },
      { lines: data.lines.map((line) => ({ ...line, quantity: line.quantity + 1 })) },
    ];
    const fingerprints = changes.map((change) => fingerprintOf({ ...rated, data: { ...data, ...change } }));
    expect(new Set([...fingerprints, fingerprintOf(rated)]).size).toBe(changes.length + 1);
    expect(fingerprintOf(rated)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('refuses a customer who could not stand in the name of an account', () => {
    expect(() => requestOfRated(aCharge('cus:1', 'call_1', '1'), waitSeconds)).toThrow(
      'unusable-customer-id',
    );
  });
});
