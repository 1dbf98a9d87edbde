import { describe, expect, it } from '@jest/globals';
import { partitionOfBook } from './partition-of-book.ts';

describe('partitionOfBook', () => {
  // The figures are those of the broker's own tests of its partitioner.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('puts %s where Kafka puts it', (key, hash) => {
    expect(partitionOfBook(key, 999_983)).toBe((hash & 0x7fffffff) % 999_983);
  });
});
