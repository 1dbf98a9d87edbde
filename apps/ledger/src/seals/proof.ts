import { readCanonicalText } from '@app/bookkeeping';
import { hash } from 'node:crypto';
import { entryHash } from '../journal/entry-hash.ts';
import { leafHash, rootByPath } from './merkle.ts';
import { headText, sealDifference, type Seal, type SealedHead, type SealKeys } from './seal.ts';

/** An entry as it is exported: the text that was hashed, and the hash. */
export interface ExportedEntry {
  readonly book: string;
  readonly version: number;
  readonly canonical: string;
  readonly hash: string;
}

/** That an entry is under the seal of its day, for anyone who has the public key; it tells nothing about other entries. */
export interface InclusionProof {
  readonly proofVersion: 1;
  readonly entry: ExportedEntry;
  readonly previousHash: string;
  /** The SHA-256 of the canonical text of each entry after it, up to the head that was sealed. */
  readonly following: readonly string[];
  readonly head: SealedHead;
  /** Which leaf the book is. */
  readonly index: number;
  /** The hashes beside it on the way to the root. */
  readonly path: readonly string[];
  readonly seal: Seal;
}

/** What is wrong with a proof, and where; undefined where the entry is under the seal. */
export function proofDifference(proof: InclusionProof, keys: SealKeys): string | undefined {
  const { entry, head, seal } = proof;
  const place = `${entry.book}/${entry.version}`;
  const own = entryDifference(proof);
  if (own !== undefined) return `${place}: ${own}`;
  if (lastHash(proof) !== head.hash || entry.version + proof.following.length !== head.version)
    return `${place}: the chain from it does not lead to the head ${head.version} of its book`;
  const path = proof.path.map((text) => Buffer.from(text, 'hex'));
  const root = rootByPath(leafHash(headText(head)), { index: proof.index, size: seal.books }, path);
  if (root?.toString('hex') !== seal.root)
    return `${place}: the head of its book is not under the root of the seal`;
  const sealed = sealDifference(seal, keys);
  return sealed === undefined ? undefined : `seal of ${seal.day}: ${sealed}`;
}

function entryDifference({ entry, previousHash, head }: InclusionProof): string | undefined {
  if (entryHash(Buffer.from(previousHash, 'hex'), entry.canonical).toString('hex') !== entry.hash)
    return 'the hash is not that of its text';
  if (head.book !== entry.book) return 'the head is that of another book';
  return namesDifference(entry);
}

/** Where the text that was hashed is of another entry than the line says. */
export function namesDifference({ book, version, canonical }: ExportedEntry): string | undefined {
  try {
    const read = readCanonicalText(canonical);
    return read.bookId === book && read.version === version
      ? undefined
      : `its text is that of ${read.bookId}/${read.version}`;
  } catch (error) {
    return `its text cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function lastHash({ entry, following }: InclusionProof): string {
  let last: Buffer = Buffer.from(entry.hash, 'hex');
  for (const digest of following)
    last = hash('sha256', Buffer.concat([last, Buffer.from(digest, 'hex')]), 'buffer');
  return last.toString('hex');
}
