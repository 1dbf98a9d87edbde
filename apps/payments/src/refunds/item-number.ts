import { createHash } from 'node:crypto';

/**
 * The number under which a provider knows an item of a refund. It follows from the item's id alone, so that even a
 * database that was restored from yesterday asks with the same number and is paid nothing twice.
 */
export function numberOfItem(itemId: string): string {
  // Providers allow no dot. Ids of ours have no dash, so the two cannot be mistaken for each other.
  if (/^[0-9A-Za-z_]{1,56}\.\d{1,6}$/.test(itemId)) return itemId.replace('.', '-');
  return `rfi_${createHash('sha256').update(itemId).digest('hex').slice(0, 56)}`;
}
