/**
 * The partition in which a book's events lie: Kafka's default partitioner (murmur2 of the key's bytes).
 * The writer queues follow it, so that a batch of one partition meets one queue.
 */
export function partitionOfBook(bookId: string, partitions: number): number {
  return (murmur2(Buffer.from(bookId, 'utf8')) & 0x7fffffff) % partitions;
}

const multiplier = 0x5bd1e995;

/** MurmurHash 2 as Kafka's clients use it. */
function murmur2(data: Buffer): number {
  let hash = 0x9747b28c ^ data.length;
  const whole = data.length - (data.length % 4);
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(data.readInt32LE(at), multiplier);
    word ^= word >>> 24;
    hash = Math.imul(hash, multiplier) ^ Math.imul(word, multiplier);
  }
  if (data.length > whole) {
    for (let at = data.length - 1; at >= whole; at -= 1) hash ^= (data[at] ?? 0) << (8 * (at - whole));
    hash = Math.imul(hash, multiplier);
  }
  hash = Math.imul(hash ^ (hash >>> 13), multiplier);
  return hash ^ (hash >>> 15);
}
