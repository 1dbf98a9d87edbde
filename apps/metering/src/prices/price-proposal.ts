import type { PriceImpact } from './price-impact.ts';

/** Where a proposal stands. */
export const proposalStatuses = ['pending', 'expired', 'rejected', 'published', 'refused'] as const;
export type ProposalStatus = (typeof proposalStatuses)[number];

/** What one person would publish and another has to approve. */
export interface PriceProposal {
  readonly proposalId: string;
  readonly status: ProposalStatus;
  /** The canonical bytes, and their SHA-256: what an approval is for. */
  readonly payload: string;
  readonly payloadSha256: string;
  readonly impact: PriceImpact;
  readonly limitPercent: string;
  readonly reason: string;
  readonly proposedBy: string;
  readonly proposedAt: string;
  readonly expiresAt: string;
  readonly decidedBy: string | null;
  readonly decidedAt: string | null;
  readonly decisionReason: string | null;
  /** Why it was not published though approved. */
  readonly detail: string | null;
}
