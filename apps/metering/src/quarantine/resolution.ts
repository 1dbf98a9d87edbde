import { Id, TokenCounts, UnitCounts } from '@app/contracts';
import { z } from 'zod';

const reason = z
  .string()
  .trim()
  .min(8, 'must say in at least 8 characters why')
  .max(500)
  .describe('Why it is resolved so; kept for ever beside who did it.');

/** What a person decides about a quarantined call. */
export const Resolution = z.discriminatedUnion('action', [
  z
    .strictObject({
      action: z.literal('charge'),
      tokens: TokenCounts.default({}),
      units: UnitCounts.default({}),
      priceVersionId: Id.optional().describe(
        'Left out: the version that was pinned when the call was admitted.',
      ),
      reason,
    })
    .describe('Charges the call by this usage instead of the one that cannot be charged.'),
  z
    .strictObject({ action: z.literal('close'), reason })
    .describe('Closes the call without a charge and lets its hold go.'),
]);
export type Resolution = z.infer<typeof Resolution>;

/** Which quarantined end of which call. */
export const QuarantinePlace = z.object({ customerId: Id, callId: Id, eventId: Id });
export type QuarantinePlace = z.infer<typeof QuarantinePlace>;

/** The code of an end that came after the call had ended; the call itself is not quarantined. */
export const endedBefore = 'ended-before';

/** How a resolution is kept and shown. */
export const ResolutionView = z.object({
  ...QuarantinePlace.shape,
  action: z.enum(['charge', 'close', 'expire']).describe('expire: nobody looked at it in time.'),
  reason: z.string(),
  tokens: z.record(z.string(), z.number()),
  units: z.record(z.string(), z.number()),
  priceVersionId: z.string(),
  charge: z.string().describe('Empty where nothing was charged.'),
  currency: z.string(),
  actor: z.string(),
  clientId: z.string(),
  resolvedAt: z.string(),
});
export type ResolutionView = z.infer<typeof ResolutionView>;
