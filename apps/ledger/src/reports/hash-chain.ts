import { hash } from 'node:crypto';

const hashBytes = 32;

/** The hash chain of one book, verified entry by entry: hash = SHA-256(previous hash ‖ SHA-256(canonical bytes)). */
export class HashChain {
  /** The last hash, then room for the digest of the next text. */
  private readonly both = Buffer.alloc(hashBytes * 2);

  /** The last hash in hexadecimal digits; zeros before the first entry. */
  get last(): string {
    return this.both.toString('hex', 0, hashBytes);
  }

  /**
   * Whether the stored hash, that at `hashAt` in `stored`, is that of this text after the entry before. The chain goes on from it then.
   * Digests are carried as strings, one character a byte: a buffer for each would cost as much as the hashing.
   */
  takes(canonical: string, stored: string, hashAt: number): boolean {
    this.put(hash('sha256', canonical, 'binary'), hashBytes);
    const own = hash('sha256', this.both, 'binary');
    if (!stored.startsWith(own, hashAt)) return false;
    this.put(own, 0);
    return true;
  }

  private put(digest: string, at: number): void {
    for (let byte = 0; byte < hashBytes; byte += 1) this.both[at + byte] = digest.charCodeAt(byte);
  }
}
