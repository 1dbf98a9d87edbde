import { randomBytes } from 'node:crypto';

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * A new id such as `cus_01JD5ZK3V5Q8R7T2W4X6Y8Z0AB`: the prefix tells a reader what it names, the first ten characters order
 * ids by time (to the millisecond), the other sixteen are 80 random bits.
 */
export function newId(prefix: string): string {
  return `${prefix}_${idText(Date.now(), randomBytes(10))}`;
}

/** The 26 characters of an id, from its time and its ten random bytes. */
export function idText(timeMs: number, random: Uint8Array): string {
  const bits = random.reduce((sum, byte) => (sum << 8n) | BigInt(byte), BigInt(timeMs));
  return Array.from(
    { length: 26 },
    (_, index) => crockford[Number((bits >> BigInt(5 * (25 - index))) & 31n)],
  ).join('');
}
