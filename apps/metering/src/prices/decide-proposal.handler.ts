import { Id } from '@app/contracts';
import { Database, type Tx } from '@app/persistence';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { PriceProposalStore } from './price-proposal.store.ts';
import { type PriceProposal, proposalStatuses } from './price-proposal.ts';
import type { ProposedVersion } from './price-publication.ts';
import { problemOfExamination } from './publication-problem.ts';
import { Reason } from './publication-view.ts';
import { PublishPricesHandler } from './publish-prices.handler.ts';
import type { Examination } from './price-examination.ts';

const pageDefault = 50;

/** What a second person decides: about exactly these bytes. */
export const ProposalDecision = z.strictObject({
  payloadSha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be payloadSha256 of the proposal'),
  reason: Reason,
});
export type ProposalDecision = z.infer<typeof ProposalDecision>;

/** Which proposals. */
export const ProposalsQuestion = z.object({
  status: z.enum(proposalStatuses).or(z.literal('')).default(''),
  pageSize: z.coerce.number().int().min(1).max(500).default(pageDefault),
  cursor: Id.or(z.literal('')).default(''),
});

/** Lets a second person approve or reject what is beyond one person's limit. */
@Injectable()
export class DecideProposalHandler {
  constructor(
    private readonly database: Database,
    private readonly proposals: PriceProposalStore,
    private readonly publishPrices: PublishPricesHandler,
  ) {}

  /** Publishes. Where the time of a price has come meanwhile, nothing is, and the proposal ends as refused. */
  async approve(proposalId: string, by: string, decision: ProposalDecision): Promise<PriceProposal> {
    const refused = await this.database.transaction(async (tx) => {
      const proposal = await this.decide(tx, { proposalId, by, decision, verdict: 'approved' });
      const versions = JSON.parse(proposal.payload) as readonly ProposedVersion[];
      const publishedBy = proposal.proposedBy;
      const examination = await this.publishPrices.publishApproved(tx, versions, { publishedBy, proposalId });
      const refusal = refusalIn(examination);
      await this.proposals.finish(tx, proposalId, refusal ? 'refused' : 'published', refusal?.detail ?? '');
      return refusal;
    });
    if (refused !== undefined) throw new Problem(refused);
    return this.one(proposalId);
  }

  /** Rejects: nothing is published. */
  async reject(proposalId: string, by: string, decision: ProposalDecision): Promise<PriceProposal> {
    await this.database.transaction((tx) =>
      this.decide(tx, { proposalId, by, decision, verdict: 'rejected' }),
    );
    return this.one(proposalId);
  }

  /** One proposal. */
  one(proposalId: string): Promise<PriceProposal> {
    return this.found(this.database, proposalId);
  }

  /** Proposals, the latest first. */
  async list(question: z.infer<typeof ProposalsQuestion>): Promise<{
    readonly proposals: PriceProposal[];
    readonly nextCursor: string;
  }> {
    const { status, cursor, pageSize } = question;
    const rows = await this.proposals.list(status, cursor, pageSize + 1);
    const proposals = rows.slice(0, pageSize);
    return { proposals, nextCursor: rows.length > pageSize ? (proposals.at(-1)?.proposalId ?? '') : '' };
  }

  private async decide(tx: Tx, { proposalId, by, decision, verdict }: Deciding): Promise<PriceProposal> {
    const proposal = await this.found(tx, proposalId);
    refuseUnfit(proposal, by, decision);
    const isFirst = await this.proposals.decide(tx, {
      ...{ proposalId, verdict, decidedBy: by, reason: decision.reason },
    });
    if (!isFirst) throw decidedBefore('decided by someone else at this moment');
    return proposal;
  }

  private async found(tx: Pick<Tx, 'query'>, proposalId: string): Promise<PriceProposal> {
    const proposal = await this.proposals.one(tx, proposalId);
    if (proposal) return proposal;
    throw new Problem({
      code: 'not-found',
      field: 'proposalId',
      detail: 'There is no such proposal.',
      remedy: 'Look the id up in the list of proposals.',
    });
  }
}

interface Deciding {
  readonly proposalId: string;
  readonly by: string;
  readonly decision: ProposalDecision;
  readonly verdict: 'approved' | 'rejected';
}

/** Why nothing can be published any more; undefined where it can. */
const refusalIn = (examination: Examination) =>
  examination.versions.some(({ refusal }) => refusal !== undefined)
    ? problemOfExamination(examination, (index, field) => `versions.${index.toString()}.${field}`)
    : undefined;

/** The database refuses all of these, too; here they have words. */
function refuseUnfit(
  { status, proposedBy, payloadSha256 }: PriceProposal,
  by: string,
  decision: ProposalDecision,
) {
  if (status !== 'pending') throw decidedBefore(status);
  if (proposedBy === by)
    throw new Problem({
      code: 'forbidden',
      field: 'proposalId',
      detail: 'You proposed this publication yourself.',
      remedy: 'Let another person decide.',
    });
  if (payloadSha256 !== decision.payloadSha256)
    throw new Problem({
      code: 'different-request',
      field: 'payloadSha256',
      detail: 'The hash is not that of the proposal’s payload.',
      remedy: 'Read the proposal again and decide about what it says now.',
    });
}

const decidedBefore = (status: string): Problem =>
  new Problem({
    code: 'wrong-status',
    field: 'proposalId',
    detail: `The proposal is no longer pending: ${status}.`,
    remedy: 'Propose the publication again.',
  });
