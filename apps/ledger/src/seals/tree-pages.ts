import { leafHash, type LeafPlace, merklePath, merkleRoot } from './merkle.ts';
import { headText, type SealedHead } from './seal.ts';

/** Nodes of a page at most: a power of two, so that a full page is a subtree of the whole tree. */
export const pageNodesMax = 256;

/** A hash in the tree, and the first book under it. */
export interface TreeNode {
  readonly hash: Buffer;
  readonly firstBook: string;
}

/** A stretch of the tree: leaves (level 0), or the roots of pages of the level below. */
export interface TreePage {
  readonly root: Buffer;
  readonly level: number;
  readonly nodes: readonly TreeNode[];
}

/**
 * Cuts the Merkle tree over the heads of a day into pages, in memory that grows with their levels. The same heads make the same
 * pages, so most pages of a day are those of the day before where few books moved.
 */
export class TreePages {
  /** By level, the nodes whose page is not full yet. */
  private readonly open: TreeNode[][] = [];
  private done: TreePage[] = [];

  /** Adds the head of the next book. */
  add(head: SealedHead): void {
    this.take({ hash: leafHash(headText(head)), firstBook: head.book }, 0);
  }

  /** The pages that are done since they were last taken. */
  taken(): readonly TreePage[] {
    return this.done.splice(0);
  }

  /** No more heads come; gives the root of the whole tree, which is that of its last page. */
  finish(): Buffer {
    for (let level = 0; level < this.open.length; level += 1) {
      const [only, second] = this.open[level] ?? [];
      if (only === undefined) continue;
      if (level > 0 && level === this.open.length - 1 && second === undefined) return only.hash;
      this.close(level);
    }
    return merkleRoot([]);
  }

  private take(node: TreeNode, level: number): void {
    const nodes = (this.open[level] ??= []);
    nodes.push(node);
    if (nodes.length === pageNodesMax) this.close(level);
  }

  private close(level: number): void {
    const nodes = this.open[level] ?? [];
    const [first] = nodes;
    if (first === undefined) return;
    this.open[level] = [];
    const root = merkleRoot(nodes.map(({ hash }) => hash));
    // A page of one page says nothing that the page itself does not.
    if (level === 0 || nodes.length > 1) this.done.push({ root, level, nodes });
    this.take({ hash: root, firstBook: first.firstBook }, level + 1);
  }
}

/** Where the leaf of a book lies, and the hashes beside it on the way to the root. */
export interface TreePlace {
  readonly index: LeafPlace['index'];
  readonly path: readonly Buffer[];
}

/**
 * Goes from the root down to the leaf of a head, through one page of each level.
 * Undefined where a page is not there or does not come to its root, or the head is not under the root.
 */
export async function placeInTree(
  root: Buffer,
  head: SealedHead,
  pageOf: (root: Buffer) => Promise<TreePage | undefined>,
): Promise<TreePlace | undefined> {
  const leaf = leafHash(headText(head));
  let [index, path]: [number, readonly Buffer[]] = [0, []];
  for (let next = root; ;) {
    const page = await pageOf(next);
    if (page === undefined) return undefined;
    const hashes = page.nodes.map(({ hash }) => hash);
    const at = nodeWith(page.nodes, head.book);
    const node = hashes[at];
    if (node === undefined || !merkleRoot(hashes).equals(next)) return undefined;
    index += at * pageNodesMax ** page.level;
    path = [...merklePath(hashes, at), ...path];
    if (page.level === 0) return node.equals(leaf) ? { index, path } : undefined;
    next = node;
  }
}

/** The last node that begins with this book or one before it. Ids are ASCII, so texts compare as their bytes do. */
const nodeWith = (nodes: readonly TreeNode[], book: string): number =>
  nodes.findLastIndex(({ firstBook }) => firstBook <= book);
