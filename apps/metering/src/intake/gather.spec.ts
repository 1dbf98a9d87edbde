import { describe, expect, it } from '@jest/globals';
import { gather } from './gather.ts';

describe('gather', () => {
  it('begins at once, and makes one batch of what comes while another is in flight', async () => {
    const batches: (readonly number[])[] = [];
    const double = gather<number, number>(async (items) => {
      batches.push(items);
      await new Promise((resolve) => setTimeout(resolve, 5));
      return items.map((item) => item * 2);
    }, 3);
    expect(await Promise.all([1, 2, 3, 4, 5].map(double))).toEqual([2, 4, 6, 8, 10]);
    expect(batches).toEqual([[1], [2, 3, 4], [5]]);
  });

  it('tells each caller of a failed batch, and goes on', async () => {
    let down = true;
    const echo = gather<string, string>(
      (items) => (down ? Promise.reject(new Error('down')) : Promise.resolve(items)),
      10,
    );
    const results = await Promise.allSettled(['a', 'b'].map(echo));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    down = false;
    expect(await echo('c')).toBe('c');
  });
});
