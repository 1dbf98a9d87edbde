import { Instant } from '@app/bookkeeping';
import { describe, expect, it } from '@jest/globals';
import { DatabaseClock, stampAfter } from './database-clock.ts';

const noon = Instant.fromText('2026-11-22T12:00:00Z');

describe('DatabaseClock', () => {
  it('carries the time of the database on for a second, and not longer', () => {
    let steady = 0;
    const clock = new DatabaseClock(() => steady);
    expect(clock.now()).toBeUndefined();
    clock.set(noon);
    steady = 0.25;
    expect(clock.now()).toBe(noon + 250);
    steady = 1_000.1;
    expect(clock.now()).toBeUndefined();
  });
});

describe('stampAfter', () => {
  it('lies after every book, even where the clock went back', () => {
    expect(stampAfter(noon, [])).toBe(noon);
    expect(stampAfter(noon, [{ recordedAt: Instant.of(noon - 5) }])).toBe(noon);
    expect(stampAfter(noon, [{ recordedAt: noon }, { recordedAt: Instant.of(noon + 7) }])).toBe(noon + 8);
  });
});
