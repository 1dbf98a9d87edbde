import { hash } from 'node:crypto';

/** hash = SHA-256(previous hash ‖ SHA-256(canonical bytes)): one changed digit changes every hash after it. */
export function entryHash(previousHash: Buffer, canonical: string | Uint8Array): Buffer {
  const both = Buffer.allocUnsafe(previousHash.length + 32);
  previousHash.copy(both, 0);
  hash('sha256', canonical, 'buffer').copy(both, previousHash.length);
  return hash('sha256', both, 'buffer');
}
