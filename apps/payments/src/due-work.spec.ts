import { describe, expect, it } from '@jest/globals';
import { type DueWork, DueWorkLoop } from './due-work.ts';

/** Long enough for promises that wait for nothing. */
const idle = () => new Promise((resolve) => setTimeout(resolve, 20));

const work = (batches: string[][], changes: Partial<DueWork> = {}) => {
  const done: string[] = [];
  const errors: unknown[] = [];
  const own: DueWork = {
    name: 'spec',
    take: () => Promise.resolve(batches.shift() ?? []),
    do: (id) => {
      done.push(id);
      return Promise.resolve();
    },
    onError: (error) => errors.push(error),
    ...changes,
  };
  return { loop: new DueWorkLoop(own, 1_000_000), done, errors };
};

describe('DueWorkLoop', () => {
  it('does all that is due, batch after batch', async () => {
    const { loop, done } = work([['a', 'b'], ['c'], []]);
    loop.wake();
    await idle();
    expect(done).toEqual(['a', 'b', 'c']);
  });

  it('goes on with the rest when one piece fails', async () => {
    const { loop, errors } = work([['a', 'bad', 'c']], {
      do: (id) => (id === 'bad' ? Promise.reject(new Error('bad')) : Promise.resolve()),
    });
    loop.wake();
    await idle();
    expect(errors).toEqual([new Error('bad')]);
  });

  it('survives that nothing can be taken', async () => {
    const { loop, errors } = work([], { take: () => Promise.reject(new Error('no database')) });
    loop.wake();
    await idle();
    expect(errors).toHaveLength(1);
  });

  it('takes nothing more once it was stopped', async () => {
    const { loop, done } = work([['a'], ['b']]);
    await loop.stop();
    loop.wake();
    expect(done).toEqual([]);
  });
});
