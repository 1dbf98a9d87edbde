import { describe, expect, it } from '@jest/globals';
import { newId } from './new-id.ts';

describe('newId', () => {
  it('gives ids of one form, each once, in the order of their milliseconds', () => {
    const ids = Array.from({ length: 50_000 }, () => newId('cus'));
    expect(ids.filter((id) => !/^cus_[0-9A-HJKMNP-TV-Z]{26}$/.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
    const times = ids.map((id) => id.slice(4, 14));
    expect(times).toEqual([...times].sort());
  });

  it('says when it was made', () => {
    const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
    const before = Date.now();
    const [...letters] = newId('cus').slice(4, 14);
    const made = letters.reduce((sum, letter) => sum * 32 + digits.indexOf(letter), 0);
    expect(made).toBeGreaterThanOrEqual(before);
    expect(made).toBeLessThanOrEqual(Date.now());
  });
});
