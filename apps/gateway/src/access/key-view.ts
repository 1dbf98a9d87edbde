import { Id, InstantText } from '@app/contracts';
import { z } from 'zod';
import { KeyPolicy, unlimited } from './key-policy.ts';

const KeyName = z.string().trim().min(1).max(200);

/** What is said about a new key. */
export const NewKey = z.strictObject({
  name: KeyName.default('default'),
  policy: KeyPolicy.default(unlimited),
  expiresAt: InstantText.nullable().default(null).describe('From this instant on it is refused.'),
});
export type NewKey = z.infer<typeof NewKey>;

/** What is changed of a key: a policy is replaced as a whole, what is not said stays. */
export const ChangedKey = z.strictObject({
  name: KeyName.optional(),
  policy: KeyPolicy.optional(),
  expiresAt: InstantText.nullable().optional(),
});
export type ChangedKey = z.infer<typeof ChangedKey>;

/** A key after its creation: enough to tell it from others. */
export const KeyView = z.object({
  keyId: Id,
  customerId: Id,
  name: z.string(),
  displayPrefix: z.string().describe('The first seven characters.'),
  lastFour: z.string(),
  status: z.enum(['active', 'revoked']),
  policy: KeyPolicy,
  expiresAt: InstantText.nullable(),
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
