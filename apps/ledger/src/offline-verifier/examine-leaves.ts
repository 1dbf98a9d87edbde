import { leafHash, rootByPath } from '../seals/merkle.ts';
import { headText, type Seal, type SealedHead } from '../seals/seal.ts';
import { bookFinding } from './book-finding.ts';
import type { ExportExamination, SealedLeaf } from './examine-export.ts';

/**
 * Compares the one book of an export with every seal, by its leaves: of each day on which it moved, so that nothing in it was made
 * anew, and of the last day, so that nothing is missing at its end. Says what is wrong on the first day that differs.
 */
export function leafFindings(book: string, seals: readonly Seal[], examined: ExportExamination): string[] {
  if (examined.broken.has(book)) return [];
  const days = [...examined.moved.keys()].sort();
  let [next, exported]: [number, SealedHead | undefined] = [0, undefined];
  for (const seal of seals) {
    let hasMoved = seal === seals.at(-1);
    for (let day = days[next]; day !== undefined && day <= seal.day; day = days[(next += 1)]) {
      exported = examined.moved.get(day)?.get(book);
      hasMoved = true;
    }
    const leaf = examined.leaves.get(seal.day);
    const finding =
      leaf === undefined
        ? ifUnproven(hasMoved ? exported : undefined, seal)
        : leafFinding(book, { leaf, seal, exported });
    if (finding !== undefined) return [finding];
  }
  return [];
}

const ifUnproven = (exported: SealedHead | undefined, { day }: Seal): string | undefined =>
  exported && `${exported.book}/${exported.version}: there is no proof that it is under the seal of ${day}`;

interface ComparedLeaf {
  readonly leaf: SealedLeaf;
  readonly seal: Seal;
  readonly exported: SealedHead | undefined;
}

function leafFinding(book: string, { leaf, seal, exported }: ComparedLeaf): string | undefined {
  const sealed = { book, version: leaf.version, hash: leaf.hash };
  const path = leaf.path.map((text) => Buffer.from(text, 'hex'));
  const root = rootByPath(leafHash(headText(sealed)), { index: leaf.index, size: seal.books }, path);
  return root?.toString('hex') === seal.root
    ? bookFinding(book, { seal, sealed, exported })
    : `${book}/${leaf.version}: its proof does not lead to the root of the seal of ${seal.day}`;
}
