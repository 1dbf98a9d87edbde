import { describe, expect, it } from '@jest/globals';
import { hash } from 'node:crypto';
import { leafHash, merklePath, merkleRoot, rootByPath } from './merkle.ts';

const leaves = (count: number): Buffer[] => Array.from({ length: count }, (_, n) => leafHash(`leaf ${n}`));

/** RFC 6962, 2.1, word for word. */
function rootOfTheRfc(hashes: readonly Buffer[]): Buffer {
  const [first] = hashes;
  if (first === undefined) return hash('sha256', '', 'buffer');
  if (hashes.length === 1) return first;
  let k = 1;
  while (k * 2 < hashes.length) k *= 2;
  const both = [Buffer.of(1), rootOfTheRfc(hashes.slice(0, k)), rootOfTheRfc(hashes.slice(k))];
  return hash('sha256', Buffer.concat(both), 'buffer');
}

describe('the Merkle tree', () => {
  it('has the root of RFC 6962 for every size', () => {
    for (let size = 0; size <= 70; size += 1)
      expect(merkleRoot(leaves(size)).toString('hex')).toBe(rootOfTheRfc(leaves(size)).toString('hex'));
  });

  it('is known by its first values', () => {
    expect(merkleRoot([]).toString('hex')).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    // The hash of an empty leaf, as the test vectors of Certificate Transparency have it.
    expect(leafHash('').toString('hex')).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    );
  });

  it('proves every leaf of every size by its path, and no other leaf, place or size', () => {
    for (let size = 1; size <= 33; size += 1) {
      const all = leaves(size);
      const root = merkleRoot(all);
      all.forEach((leaf, index) => {
        const path = merklePath(all, index);
        expect(rootByPath(leaf, { index, size }, path)?.equals(root)).toBe(true);
        expect(rootByPath(leafHash('another'), { index, size }, path)?.equals(root)).toBe(false);
        if (size > 1)
          expect(rootByPath(leaf, { index: (index + 1) % size, size }, path)?.equals(root)).not.toBe(true);
        expect(rootByPath(leaf, { index, size }, [...path, root])).toBeUndefined();
      });
      expect(rootByPath(root, { index: size, size }, [])).toBeUndefined();
    }
  });
});
