import { describe, expect, it } from '@jest/globals';
import { idempotencyKeyOf } from './idempotency-key.ts';

describe('idempotencyKeyOf', () => {
  it.each([undefined, 'k', 'x'.repeat(128)])('takes %s', (header) => {
    expect(idempotencyKeyOf(header)).toBe(header);
  });

  // Payments keeps keys of 128 characters; two headers of the same name arrive here joined by a comma and a space.
  it.each(['', 'x'.repeat(129), 'a, b', 'a\tb', 'ключ', 'a\u0000'])('refuses %j', (header) => {
    expect(() => idempotencyKeyOf(header)).toThrow('1 to 128');
  });
});
