import type { Seal, SealedHead } from '../seals/seal.ts';

/** What is known of a book on the day of a seal. */
interface BookDifference {
  readonly seal: Seal;
  readonly sealed: SealedHead | undefined;
  readonly exported: SealedHead | undefined;
}

/** What is wrong with a book on the day of a seal: the head that was sealed, and the one that the export comes to. */
export function bookFinding(book: string, { seal, sealed, exported }: BookDifference): string | undefined {
  const under = `under the seal of ${seal.day}`;
  if (sealed === undefined)
    return (
      exported && `${book}/${exported.version}: it was recorded before the cut and the book is not ${under}`
    );
  if (exported === undefined)
    return `${book}/${sealed.version}: the book is ${under} and is not in the export`;
  if (exported.version < sealed.version)
    return `${book}/${sealed.version}: it is ${under}, and the export ends before it, at ${exported.version}`;
  if (exported.version > sealed.version)
    return `${book}/${exported.version}: it was recorded before the cut, and ${under} the book ends at ${sealed.version}`;
  return exported.hash === sealed.hash
    ? undefined
    : `${book}/${sealed.version}: it is ${under} with another hash`;
}
