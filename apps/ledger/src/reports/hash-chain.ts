import { hash } from 'node:crypto';

const hashBytes = 32;
const hashDigits = hashBytes * 2;

/** The hash chain of one book, verified entry by entry: hash = SHA-256(previous hash ‖ SHA-256(canonical bytes)). */
export class HashChain {
  /** The last hash, then room for the digest of the next text. */
  private readonly both = Buffer.alloc(hashBytes * 2);

  /** The last hash in hexadecimal digits; zeros before the first entry. */
  get last(): string {
    return this.both.toString('hex', 0, hashBytes);
  }

  /**
   * Whether the stored hash, the one at `at` in `hashes`, is that of this text after the entry before. The chain goes on from it then.
   * Digests are carried as strings, one character a byte: a buffer for each would cost as much as the hashing.
   */
  takes(canonical: string, hashes: string, at: number): boolean {
    this.both.write(hash('sha256', canonical, 'binary'), hashBytes, 'binary');
    const own = hash('sha256', this.both, 'hex');
    if (!hashes.startsWith(own, at * hashDigits)) return false;
    this.both.write(own, 0, 'hex');
    return true;
  }
}
