import { describe, expect, it } from '@jest/globals';
import { beijingSecond, fromBeijing } from './beijing-time.ts';

describe('Beijing time', () => {
  it('is eight hours before UTC’s own, over midnight and in any time zone of the process', () => {
    expect(beijingSecond(new Date('2026-11-22T16:30:05.999Z'))).toBe('2026-11-23 00:30:05');
    expect(fromBeijing('2026-11-23 00:30:05')).toBe('2026-11-22T16:30:05Z');
    expect(fromBeijing('2026-11-23 00:30:05.120')).toBe('2026-11-22T16:30:05.120Z');
  });
});
