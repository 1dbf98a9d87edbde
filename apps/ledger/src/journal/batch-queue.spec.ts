import { describe, expect, it } from '@jest/globals';
import { BatchQueue } from './batch-queue.ts';

describe('BatchQueue', () => {
  it('writes alone what comes alone, and together what gathers meanwhile', async () => {
    const batches: number[][] = [];
    const queue = new BatchQueue<number, number>(async (items) => {
      batches.push([...items]);
      await new Promise((resolve) => setTimeout(resolve, 5));
      return items.map((item) => item * 10);
    }, 100);
    const first = queue.submit([1]);
    await new Promise((resolve) => setImmediate(resolve));
    const later = Promise.all([queue.submit([2]), queue.submit([3, 4])]);
    expect(queue.depth).toBe(3);
    expect(await first).toEqual([10]);
    expect(await later).toEqual([[20], [30, 40]]);
    expect(batches).toEqual([[1], [2, 3, 4]]);
    await queue.drained();
  });

  it('keeps batches within the limit, except for one that came larger', async () => {
    const sizes: number[] = [];
    const queue = new BatchQueue<number, number>((items) => {
      sizes.push(items.length);
      return Promise.resolve(items);
    }, 3);
    await Promise.all([
      queue.submit([1, 2]),
      queue.submit([3, 4]),
      queue.submit([5, 6, 7, 8]),
      queue.submit([9]),
    ]);
    expect(sizes).toEqual([2, 2, 4, 1]);
  });

  it('rejects a batch that failed and goes on with the next', async () => {
    let failing = true;
    const queue = new BatchQueue<number, number>((items) => {
      if (failing) return Promise.reject(new Error('no connection'));
      return Promise.resolve(items);
    }, 10);
    await expect(queue.submit([1])).rejects.toThrow('no connection');
    failing = false;
    expect(await queue.submit([2])).toEqual([2]);
    expect(await queue.submit([])).toEqual([]);
  });
});
