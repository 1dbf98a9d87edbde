import { createPublicKey, hash, sign, verify, type KeyObject } from 'node:crypto';

/** What a seal says, and what is signed. */
export interface SealFacts {
  /** The Asia/Shanghai day. */
  readonly day: string;
  /** The midnight at its end. Everything recorded before it is under the seal. */
  readonly cut: string;
  /** How many books there were. */
  readonly books: number;
  /** How many entries they had. */
  readonly entries: number;
  /** The Merkle root over the heads of all books. */
  readonly root: string;
  /** The hash of the seal before; zeros for the first. */
  readonly previous: string;
  /** Which key has signed. */
  readonly keyId: string;
}

/** The seal of a day as it is stored and published. */
export interface Seal extends SealFacts {
  readonly sealVersion: 1;
  readonly hash: string;
  readonly signature: string;
}

/** The head of a book at a cut. */
export interface SealedHead {
  readonly book: string;
  readonly version: number;
  readonly hash: string;
}

/** What stands as the seal before the first. */
export const noSeal = '0'.repeat(64);

const framed = (text: string): string => `${text.length}:${text},`;

/** The text that is signed: framed fields (`5:hello,`) in this order, all of them printable ASCII. */
export const sealText = ({ day, cut, books, entries, root, previous, keyId }: SealFacts): string =>
  ['haoli-seal', '1', day, cut, String(books), String(entries), root, previous, keyId].map(framed).join('');

/** The leaf of a book in the tree of a day. */
export const headText = ({ book, version, hash: head }: SealedHead): string =>
  [book, String(version), head].map(framed).join('');

/** Signs what a seal says. */
export function signedSeal(facts: SealFacts, privateKey: KeyObject): Seal {
  const text = sealText(facts);
  const signature = sign(null, Buffer.from(text, 'ascii'), privateKey).toString('hex');
  return { sealVersion: 1, ...facts, hash: hash('sha256', text), signature };
}

/** The keys whose seals are taken, by their ids. */
export type SealKeys = ReadonlyMap<string, KeyObject>;

/** The id of a key: the first 16 digits of the SHA-256 of its 32 bytes. */
export const keyIdOf = (publicKey: KeyObject): string =>
  hash('sha256', publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)).slice(0, 16);

/** Reads one or more public keys in PEM. */
export function sealKeysOf(pem: string): SealKeys {
  const blocks = pem.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? [];
  const keys = blocks.map((block) => createPublicKey(block));
  if (keys.length === 0 || keys.some(({ asymmetricKeyType }) => asymmetricKeyType !== 'ed25519'))
    throw new TypeError('There must be an Ed25519 public key in PEM, and nothing else.');
  return new Map(keys.map((key) => [keyIdOf(key), key]));
}

/** What is wrong with a seal by itself: its hash or its signature. */
export function sealDifference(seal: Seal, keys: SealKeys): string | undefined {
  const text = sealText(seal);
  if (seal.hash !== hash('sha256', text)) return 'its hash is not that of what it says';
  const key = keys.get(seal.keyId);
  if (key === undefined) return `it is signed by the key ${seal.keyId}, which is not given`;
  return verify(null, Buffer.from(text, 'ascii'), key, Buffer.from(seal.signature, 'hex'))
    ? undefined
    : 'its signature is not that of the key';
}

/** What is wrong with a seal after the one before it: a day is missing between them, or it was made after another one. */
export function chainDifference(seal: Seal, before: Seal | undefined): string | undefined {
  if (seal.cut !== cutOf(seal.day)) return 'its cut is not the midnight at the end of the day';
  if (before === undefined)
    return seal.previous === noSeal ? undefined : 'it is not the first, and the seal before it is missing';
  if (seal.day !== dayAfter(before.day)) return `the day before it is missing; ${before.day} comes before it`;
  return seal.previous === before.hash ? undefined : `it was made after another seal of ${before.day}`;
}

const dayMs = 86_400_000;

/** The next day. */
export const dayAfter = (day: string): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + dayMs).toISOString().slice(0, 10);

/** The midnight Asia/Shanghai at the end of a day: 16:00 UTC, all the year. */
export const cutOf = (day: string): string => `${day}T16:00:00.000000Z`;

/** The Asia/Shanghai day of an instant in UTC with six decimals. */
export const dayOf = (instant: string): string => {
  const day = instant.slice(0, 10);
  return instant < cutOf(day) ? day : dayAfter(day);
};
