import { describe, expect, it } from '@jest/globals';
import { BatchQueue, type BatchSizes } from './batch-queue.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));
const large: BatchSizes = { most: 100, early: 100 };

/** A queue whose batches are written by `write` alone. */
const queueOf = (write: (items: readonly number[]) => Promise<readonly number[]>, sizes = large) =>
  new BatchQueue<number, undefined, number>({ prepare: () => Promise.resolve(undefined), write }, sizes);

describe('BatchQueue', () => {
  it('writes alone what comes alone, and together what gathers meanwhile', async () => {
    const batches: number[][] = [];
    const mayBeWritten = Promise.withResolvers<undefined>();
    const queue = queueOf(async (items) => {
      batches.push([...items]);
      await mayBeWritten.promise;
      return items.map((item) => item * 10);
    });
    const first = queue.submit([1]);
    await turn();
    const later = Promise.all([queue.submit([2]), queue.submit([3, 4])]);
    expect(queue.depth).toBe(3);
    mayBeWritten.resolve(undefined);
    expect(await first).toEqual([10]);
    expect(await later).toEqual([[20], [30, 40]]);
    expect(batches).toEqual([[1], [2, 3, 4]]);
    await queue.drained();
  });

  it('keeps batches within the limit, and splits what comes larger', async () => {
    const batches: (readonly number[])[] = [];
    const queue = queueOf(
      (items) => {
        batches.push(items);
        return Promise.resolve(items);
      },
      { most: 3, early: 3 },
    );
    const answers = await Promise.all([
      queue.submit([1, 2]),
      queue.submit([3, 4]),
      queue.submit([5, 6, 7, 8]),
      queue.submit([9]),
    ]);
    expect(batches).toEqual([
      [1, 2],
      [3, 4],
      [5, 6, 7],
      [8, 9],
    ]);
    expect(answers).toEqual([[1, 2], [3, 4], [5, 6, 7, 8], [9]]);
  });

  it('rejects a batch that failed in either step and goes on with the next', async () => {
    let failing: 'prepare' | 'write' | undefined = 'write';
    const failed = (step: string) =>
      failing === step ? Promise.reject(new Error(`no connection to ${step}`)) : Promise.resolve();
    const queue = new BatchQueue<number, string, number>(
      {
        prepare: async (items) => failed('prepare').then(() => items.join()),
        write: async (items, prepared) => failed('write').then(() => [...items, Number(prepared)]),
      },
      large,
    );
    await expect(queue.submit([1])).rejects.toThrow('no connection to write');
    failing = 'prepare';
    await expect(queue.submit([2])).rejects.toThrow('no connection to prepare');
    failing = undefined;
    expect(await queue.submit([3])).toEqual([3]);
    expect(await queue.submit([])).toEqual([]);
    await queue.drained();
  });

  it('gets a large batch ready while one is being written, lets a small one gather, and writes one at a time', async () => {
    const told: string[] = [];
    const mayBeWritten = Promise.withResolvers<undefined>();
    const queue = new BatchQueue<number, undefined, number>(
      {
        prepare: (items) => {
          told.push(`prepare ${items.join()}`);
          return Promise.resolve(undefined);
        },
        write: async (items) => {
          told.push(`write ${items.join()}`);
          await mayBeWritten.promise;
          told.push(`written ${items.join()}`);
          return items;
        },
      },
      { most: 10, early: 2 },
    );
    const answers = [queue.submit([1])];
    await turn();
    answers.push(queue.submit([2]));
    await turn();
    expect(told).toEqual(['prepare 1', 'write 1']);
    answers.push(queue.submit([3]));
    await turn();
    expect(told).toEqual(['prepare 1', 'write 1', 'prepare 2,3']);
    mayBeWritten.resolve(undefined);
    await Promise.all(answers);
    await queue.drained();
    expect(told.slice(3)).toEqual(['written 1', 'write 2,3', 'written 2,3']);
  });
});
