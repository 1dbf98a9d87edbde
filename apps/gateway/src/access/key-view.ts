import { Id, InstantText } from '@app/contracts';
import { z } from 'zod';

/** What is said about a new key. */
export const NewKey = z.strictObject({ name: z.string().trim().min(1).max(200).default('default') });
export type NewKey = z.infer<typeof NewKey>;

/** A key after its creation: enough to tell it from others. */
export const KeyView = z.object({
  keyId: Id,
  customerId: Id,
  name: z.string(),
  displayPrefix: z.string().describe('The first seven characters.'),
  lastFour: z.string(),
  status: z.enum(['active', 'revoked']),
  createdAt: InstantText,
  revokedAt: InstantText.nullable(),
});
export type KeyView = z.infer<typeof KeyView>;

/** A key at its creation. */
export const IssuedKeyView = KeyView.extend({
  key: z.string().describe('Shown this once; we cannot show it again.'),
});
export type IssuedKeyView = z.infer<typeof IssuedKeyView>;

/** The keys of a customer. */
export const KeyList = z.object({ keys: z.array(KeyView) });
export type KeyList = z.infer<typeof KeyList>;
