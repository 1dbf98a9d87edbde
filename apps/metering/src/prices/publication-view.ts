import { z } from 'zod';
import { PublishPrice, PriceVersionView, wholeViewOf } from './price-view.ts';
import { proposalStatuses } from './price-proposal.ts';
import type { PublicationResult } from './price-examination.ts';

/** Why a person does something; kept for ever. */
export const Reason = z
  .string()
  .trim()
  .min(3, 'must say why, in 3 characters at least')
  .max(500, 'must have at most 500 characters');

/** A version to publish, and why: needed where a second person has to approve. */
export const PublishRequest = PublishPrice.extend({ reason: Reason.optional() });
export type PublishRequest = z.infer<typeof PublishRequest>;

const ModelImpact = z.object({
  rateCardId: z.string(),
  model: z.string(),
  effectiveFrom: z.string(),
  currency: z.string(),
  from: z.string(),
  to: z.string(),
  method: z.enum(['roll-ups', 'calls']),
  calls: z.string(),
  charged: z.string(),
  predicted: z.string(),
  change: z.string(),
  changePercent: z.string().nullable(),
  unpriced: z.array(z.object({ kind: z.string(), quantity: z.string() })),
  priceChangePercent: z.string().nullable(),
});

/** The predicted change of revenue, by model and in total. */
export const Impact = z
  .object({
    models: z.array(ModelImpact),
    totals: z.array(
      z.object({
        currency: z.string(),
        charged: z.string(),
        predicted: z.string(),
        change: z.string(),
        changePercent: z.string().nullable(),
      }),
    ),
  })
  .describe(
    'The charged calls of the last seven days, of the customers who have the card now, rated by the new version.',
  );

/** A publication that waits for a second person. */
export const ProposalView = z.object({
  proposalId: z.string(),
  status: z.enum(proposalStatuses),
  payload: z.string(),
  payloadSha256: z.string(),
  impact: Impact,
  limitPercent: z.string(),
  reason: z.string(),
  proposedBy: z.string(),
  proposedAt: z.string(),
  expiresAt: z.string(),
  decidedBy: z.string().nullable(),
  decidedAt: z.string().nullable(),
  decisionReason: z.string().nullable(),
  detail: z.string().nullable(),
});
export const ProposalList = z.object({ proposals: z.array(ProposalView), nextCursor: z.string() });

/** What publishing, or examining, came to. */
export const PublicationAnswer = z.object({
  outcome: z.enum(['published', 'waits', 'examined']),
  versions: z.array(PriceVersionView),
  impact: Impact,
  needsApproval: z.boolean(),
  limitPercent: z.number(),
  proposalId: z.string().nullable(),
});
export type PublicationAnswer = z.infer<typeof PublicationAnswer>;

/** The answer to a publication that was not refused. */
export function answerOf(
  result: Exclude<PublicationResult, { readonly outcome: 'refused' }>,
): PublicationAnswer {
  const { examination, outcome } = result;
  const { impact, needsApproval, limitPercent } = examination;
  return PublicationAnswer.parse({
    ...{ outcome, impact, needsApproval, limitPercent },
    versions: outcome === 'published' ? result.published.map((version) => wholeViewOf(version, null)) : [],
    proposalId: outcome === 'waits' ? result.proposalId : null,
  });
}
