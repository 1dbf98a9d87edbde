import { describe, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Gathering } from './gathering.ts';

describe('Gathering', () => {
  it('sends together what is added in one turn of the event loop, in order, no more at once than it may', async () => {
    const sent: (readonly number[])[] = [];
    const gathering = new Gathering<number>((items) => {
      sent.push(items);
    }, 3);
    for (const item of [1, 2, 3, 4]) gathering.add(item);
    await Promise.resolve().then(() => {
      gathering.add(5);
    });
    expect(sent).toEqual([]);
    while (sent.length < 2) await nextTurn();
    gathering.add(6);
    while (sent.length < 3) await nextTurn();
    expect(sent).toEqual([[1, 2, 3], [4, 5], [6]]);
  });

  it('gathers while the peer has no room', async () => {
    const sent: (readonly number[])[] = [];
    const room: (() => void)[] = [];
    const gathering = new Gathering<number>((items) => {
      sent.push(items);
      return new Promise<void>((resolve) => room.push(resolve));
    }, 10);
    gathering.add(1);
    while (sent.length < 1) await nextTurn();
    for (const item of [2, 3]) {
      gathering.add(item);
      await nextTurn();
    }
    expect(sent).toEqual([[1]]);
    room[0]?.();
    while (sent.length < 2) await nextTurn();
    expect(sent).toEqual([[1], [2, 3]]);
  });
});
