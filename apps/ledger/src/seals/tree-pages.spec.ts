import { describe, expect, it } from '@jest/globals';
import { leafHash, merkleRoot, rootByPath } from './merkle.ts';
import { headText, type SealedHead } from './seal.ts';
import { pageNodesMax, placeInTree, type TreePage, TreePages } from './tree-pages.ts';

const bookAt = (index: number): string => `cus_${String(index).padStart(8, '0')}`;

const heads = (count: number): SealedHead[] =>
  Array.from({ length: count }, (_, index) => ({
    book: bookAt(index),
    version: index + 1,
    hash: 'ab'.repeat(32),
  }));

const hashesOf = (all: readonly SealedHead[]): Buffer[] => all.map((head) => leafHash(headText(head)));

function kept(all: readonly SealedHead[]) {
  const [pages, byRoot] = [new TreePages(), new Map<string, TreePage>()];
  for (const head of all) pages.add(head);
  const root = pages.finish();
  for (const page of pages.taken()) byRoot.set(page.root.toString('hex'), page);
  let read = 0;
  const pageOf = (wanted: Buffer): Promise<TreePage | undefined> => {
    read += 1;
    return Promise.resolve(byRoot.get(wanted.toString('hex')));
  };
  return { root, byRoot, pageOf, read: () => read };
}

const sizes = [
  0,
  1,
  2,
  3,
  255,
  256,
  257,
  511,
  512,
  513,
  1_000,
  256 * 256 - 1,
  256 * 256,
  256 * 256 + 1,
  70_000,
];

describe('a tree in pages', () => {
  it.each(sizes)('of %i heads has the root of RFC 6962, and pages of 256 nodes at most', (size) => {
    const all = heads(size);
    const { root, byRoot } = kept(all);
    expect(root.toString('hex')).toBe(merkleRoot(hashesOf(all)).toString('hex'));
    for (const { nodes } of byRoot.values()) expect(nodes.length).toBeLessThanOrEqual(pageNodesMax);
  });

  it.each(sizes.slice(1))(
    'of %i heads shows the place of a head from one page of each level',
    async (size) => {
      const all = heads(size);
      const { root, pageOf, read } = kept(all);
      const levels = Math.max(1, Math.ceil(Math.log(size) / Math.log(pageNodesMax)));
      const some = [0, 1, 254, 255, 256, 257, 511, 512, 65_535, 65_536, size - 2, size - 1];
      for (const index of new Set(some.filter((at) => at >= 0 && at < size))) {
        const [head, before] = [all[index], read()];
        if (head === undefined) throw new Error('there is such a head');
        const place = await placeInTree(root, head, pageOf);
        expect(place?.index).toBe(index);
        const reached = rootByPath(leafHash(headText(head)), { index, size }, place?.path ?? []);
        expect(reached?.toString('hex')).toBe(root.toString('hex'));
        expect(read() - before).toBeLessThanOrEqual(levels);
      }
    },
  );

  it('knows neither a head of another version, nor a book that is not there', async () => {
    const { root, pageOf } = kept(heads(1_000));
    const head = { book: bookAt(700), version: 701, hash: 'ab'.repeat(32) };
    expect(await placeInTree(root, head, pageOf)).toBeDefined();
    expect(await placeInTree(root, { ...head, version: 702 }, pageOf)).toBeUndefined();
    expect(await placeInTree(root, { ...head, book: 'cus_00000700x' }, pageOf)).toBeUndefined();
    expect(await placeInTree(root, { ...head, book: 'cus_' }, pageOf)).toBeUndefined();
    expect(await placeInTree(root, head, () => Promise.resolve(undefined))).toBeUndefined();
  });

  it('shares the pages in which no book moved with the day before', () => {
    const before = heads(10_000);
    const after = before.map((head) => (head.book === bookAt(3) ? { ...head, version: 99 } : head));
    const [old, next] = [kept(before).byRoot, kept(after).byRoot];
    expect([...next.keys()].filter((root) => !old.has(root))).toHaveLength(2);
  });
});
