import { chainDifference, sealDifference, type Seal, type SealedHead, type SealKeys } from '../seals/seal.ts';
import { SealedBooks } from '../seals/sealed-books.ts';
import { bookFinding } from './book-finding.ts';
import type { ExportExamination } from './examine-export.ts';
import { leafFindings } from './examine-leaves.ts';

/** The seals that were published. */
export interface PublishedSeals {
  /** Oldest first. */
  readonly seals: readonly Seal[];
  /** The heads that were published with the seal of a day; undefined where they are not there. */
  heads(day: string): Promise<readonly SealedHead[] | undefined>;
}

/** What is wrong with the published seals by themselves: a signature, a hash, a missing day, one that was made anew. */
export function sealFindings(seals: readonly Seal[], keys: SealKeys): string[] {
  return seals.flatMap((seal, index) => {
    const difference = sealDifference(seal, keys) ?? chainDifference(seal, seals[index - 1]);
    return difference === undefined ? [] : [`seal of ${seal.day}: ${difference}`];
  });
}

/** Where the seals in the export are not those that were published. */
function copyFindings(seals: readonly Seal[], { seals: copies }: ExportExamination): string[] {
  const published = new Set(seals.map(({ day }) => day));
  const missing = [...copies.keys()].filter((day) => !published.has(day));
  return [
    ...missing.map((day) => `seal of ${day}: it is in the export and was not published`),
    ...seals.flatMap(({ day, hash, signature }) => {
      const copy = copies.get(day);
      if (copy === undefined) return [`seal of ${day}: it was published and is not in the export`];
      return copy.hash === hash && copy.signature === signature
        ? []
        : [`seal of ${day}: the export has another one than was published`];
    }),
  ];
}

/** All that is wrong with an export that was taken in, against the seals that were published. */
export async function exportFindings(
  examined: ExportExamination,
  published: PublishedSeals,
  keys: SealKeys,
): Promise<string[]> {
  const { seals } = published;
  return [
    ...examined.findings,
    ...sealFindings(seals, keys),
    ...copyFindings(seals, examined),
    ...(examined.book === undefined
      ? await headFindings(published, examined)
      : leafFindings(examined.book, seals, examined)),
  ];
}

/** Compares the exported entries with every seal, and names the books of the first day that differ. */
async function headFindings(published: PublishedSeals, examined: ExportExamination): Promise<string[]> {
  const exported = new SealedBooks();
  const days = [...examined.moved.keys()].sort();
  let next = 0;
  for (const seal of published.seals) {
    for (let day = days[next]; day !== undefined && day <= seal.day; day = days[(next += 1)])
      for (const head of examined.moved.get(day)?.values() ?? []) exported.set(head);
    const difference = exported.differenceFrom(seal);
    if (difference !== undefined) return namedFindings({ published, seal, exported, difference, examined });
  }
  return [];
}

interface Difference {
  readonly published: PublishedSeals;
  readonly seal: Seal;
  readonly exported: SealedBooks;
  readonly difference: string;
  readonly examined: ExportExamination;
}

async function namedFindings({
  published,
  seal,
  exported,
  difference,
  examined,
}: Difference): Promise<string[]> {
  const sealed = new SealedBooks();
  for (const { day } of published.seals.filter((earlier) => earlier.day <= seal.day)) {
    const heads = await published.heads(day);
    if (heads === undefined)
      return [`seal of ${seal.day}: ${difference}; without ${day}.heads.jsonl no book can be named`];
    for (const head of heads) sealed.set(head);
  }
  if (sealed.differenceFrom(seal) !== undefined)
    return [
      `seal of ${seal.day}: ${difference}; the published heads are not those that were sealed, so no book can be named`,
    ];
  const books = new Set([...sealed.books(), ...exported.books()]);
  return [...books]
    .filter((book) => !examined.broken.has(book))
    .flatMap(
      (book) => bookFinding(book, { seal, sealed: sealed.get(book), exported: exported.get(book) }) ?? [],
    );
}
