import { randomFillSync } from 'node:crypto';

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const randomSize = 10;
/** Random bytes are asked for some hundred ids at once; each is used once. */
const pool = Buffer.alloc(randomSize * 400);
let used = pool.length;

/**
 * A new id such as `cus_01JD5ZK3V5Q8R7T2W4X6Y8Z0AB`: the prefix tells a reader what it names, the first ten characters order
 * ids by time (to the millisecond), the other sixteen are 80 random bits.
 */
export function newId(prefix: string): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const random = pool.subarray(used, (used += randomSize));
  return `${prefix}_${idText(Date.now(), random)}`;
}

/** The 26 characters of an id, from its time and its ten random bytes. */
function idText(timeMs: number, random: Buffer): string {
  return base32(timeMs, 10) + base32(random.readUIntBE(0, 5), 8) + base32(random.readUIntBE(5, 5), 8);
}

function base32(value: number, digits: number): string {
  let text = '';
  for (let rest = value; text.length < digits; rest = Math.floor(rest / 32))
    text = (crockford[rest % 32] ?? '') + text;
  return text;
}
