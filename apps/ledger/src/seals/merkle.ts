import { hash } from 'node:crypto';

const leafMark = Buffer.of(0);
const nodeMark = Buffer.of(1);

/** The hash of a leaf as in RFC 6962, 2.1: a leaf can never be taken for a node. */
export const leafHash = (leaf: string): Buffer => sha256(leafMark, Buffer.from(leaf, 'ascii'));

const nodeHash = (left: Buffer, right: Buffer): Buffer => sha256(nodeMark, left, right);

/** The Merkle tree hash of RFC 6962 over leaves that come one after the other, in memory that grows with their logarithm. */
export class MerkleTree {
  /** Full subtrees from left to right, each smaller than the one before. */
  private readonly subtrees: { readonly size: number; readonly hash: Buffer }[] = [];
  size = 0;

  /** Adds the hash of a leaf. */
  add(leaf: Buffer): void {
    this.size += 1;
    let added = { size: 1, hash: leaf };
    for (let last = this.subtrees.at(-1); last?.size === added.size; last = this.subtrees.at(-1)) {
      this.subtrees.pop();
      added = { size: last.size * 2, hash: nodeHash(last.hash, added.hash) };
    }
    this.subtrees.push(added);
  }

  /** The hash of all leaves so far; that of nothing is the hash of an empty text. */
  root(): Buffer {
    const hashes = this.subtrees.map(({ hash: subtree }) => subtree);
    return hashes.length === 0 ? sha256() : hashes.reduceRight((right, left) => nodeHash(left, right));
  }
}

/** The root over hashes of leaves. */
export function merkleRoot(leaves: Iterable<Buffer>): Buffer {
  const tree = new MerkleTree();
  for (const leaf of leaves) tree.add(leaf);
  return tree.root();
}

/** The audit path of RFC 6962, 2.1.1: what a leaf needs beside it to come to the root, from the leaf upwards. */
export function merklePath(leaves: readonly Buffer[], index: number): Buffer[] {
  if (leaves.length <= 1) return [];
  const split = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split
    ? [...merklePath(left, index), merkleRoot(right)]
    : [...merklePath(right, index - split), merkleRoot(left)];
}

/** Where a leaf lies. */
export interface LeafPlace {
  readonly index: number;
  readonly size: number;
}

/** The root to which a leaf comes by its path; undefined where the path is not one of such a tree. */
export function rootByPath(
  leaf: Buffer,
  { index, size }: LeafPlace,
  path: readonly Buffer[],
): Buffer | undefined {
  if (index < 0 || index >= size) return undefined;
  const sibling = path.at(-1);
  if (size === 1 || sibling === undefined) return size === 1 && path.length === 0 ? leaf : undefined;
  const split = splitOf(size);
  const inner = path.slice(0, -1);
  const isLeft = index < split;
  const own = rootByPath(
    leaf,
    isLeft ? { index, size: split } : { index: index - split, size: size - split },
    inner,
  );
  if (own === undefined) return undefined;
  return isLeft ? nodeHash(own, sibling) : nodeHash(sibling, own);
}

/** The largest power of two below a size of at least two. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

const sha256 = (...parts: readonly Buffer[]): Buffer => hash('sha256', Buffer.concat(parts), 'buffer');
