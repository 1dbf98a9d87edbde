import { canonicalText, Id } from '@app/contracts';
import { Database, newId, type Tx } from '@app/persistence';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { PlanPayoutHandler } from '../bank/plan-payout.handler.ts';
import { ResolveLineHandler } from '../bank/resolve-line.handler.ts';
import { SuspenseHandler } from '../bank/suspense.handler.ts';
import { Companies } from '../bank/company.store.ts';
import { GiveBackItemHandler } from '../refunds/give-back-item.handler.ts';
import { ResolveBreakHandler } from '../reconciliation/resolve-break.handler.ts';
import { ResolvePaymentHandler } from '../top-ups/resolve-payment.handler.ts';
import { Audit } from './audit.store.ts';
import { type DecidedBy, ProposedAction, subjectOf } from './proposal.ts';
import { type Proposal, Proposals } from './proposal.store.ts';

/** What another person decides about a proposal: about exactly these bytes. */
export interface Verdict {
  readonly proposalId: string;
  readonly payloadSha256: string;
  readonly verdict: 'approved' | 'rejected';
  readonly decidedBy: string;
}

/** Money that moves by hand: one person proposes, another approves, and what follows happens in the same transaction. */
@Injectable()
export class DecisionsHandler {
  constructor(
    private readonly database: Database,
    private readonly proposals: Proposals,
    private readonly audit: Audit,
    private readonly companies: Companies,
    private readonly suspense: SuspenseHandler,
    private readonly payouts: PlanPayoutHandler,
    private readonly itemsBack: GiveBackItemHandler,
    private readonly payments: ResolvePaymentHandler,
    private readonly breaks: ResolveBreakHandler,
    private readonly lines: ResolveLineHandler,
  ) {}

  async propose(
    action: ProposedAction,
    { reason, proposedBy }: { reason: string; proposedBy: string },
  ): Promise<Proposal> {
    const proposalId = newId('prop');
    const [kind, subjectId] = [action.kind, subjectOf(action)];
    if (action.kind === 'verify-company') await this.companies.ofCustomer(action.customerId);
    await this.database.transaction(async (tx) => {
      const payload = canonicalText(action);
      await this.proposals.insert(tx, { proposalId, kind, subjectId, payload, reason, proposedBy });
      await this.audit.add(tx, {
        actor: proposedBy,
        action: `propose ${kind}`,
        subjectId,
        detail: proposalId,
      });
    });
    return this.one(proposalId);
  }

  /** Throws a Problem where the maker decides, where it was decided before, and where it can no longer be done. */
  async decide(asked: Verdict): Promise<Proposal> {
    const proposal = await this.one(asked.proposalId);
    if (proposal.proposedBy === asked.decidedBy) throw sameProposer;
    if (proposal.payloadSha256 !== asked.payloadSha256) throw otherBytes;
    await this.database.transaction(async (tx) => {
      if (!(await this.proposals.decide(tx, asked))) throw decidedBefore;
      const { kind, subjectId, proposalId } = proposal;
      const action = `${asked.verdict === 'approved' ? 'approve' : 'reject'} ${kind}`;
      await this.audit.add(tx, { actor: asked.decidedBy, action, subjectId, detail: proposalId });
      if (asked.verdict === 'approved') await this.carryOut(tx, proposal, asked.decidedBy);
    });
    return this.one(asked.proposalId);
  }

  private async carryOut(
    tx: Tx,
    { proposalId, payload, proposedBy }: Proposal,
    approvedBy: string,
  ): Promise<void> {
    const action = ProposedAction.parse(JSON.parse(payload));
    const by: DecidedBy = { proposalId, proposedBy, approvedBy };
    if ('lineId' in action) return this.lines.resolve(tx, action, by);
    switch (action.kind) {
      case 'verify-company':
        await this.companies.verify(tx, action.customerId, { name: action.name, proposalId });
        return;
      case 'assign-suspense':
        return this.suspense.assign(tx, action);
      case 'return-suspense':
        return this.suspense.sendBack(tx, action, by);
      case 'pay-out-item':
        return this.payouts.plan(tx, action, by);
      case 'give-back-item':
        return this.itemsBack.giveBack(tx, action.itemId);
      case 'resolve-payment':
        return this.payments.resolve(tx, action, by);
      case 'resolve-break':
        return this.breaks.resolve(tx, action, by);
    }
  }

  private async one(proposalId: string): Promise<Proposal> {
    const found = Id.safeParse(proposalId).success ? await this.proposals.one(proposalId) : undefined;
    if (found) return found;
    throw new Problem({ code: 'not-found', field: 'proposalId', detail: 'There is no such proposal.' });
  }
}

const sameProposer = new Problem({
  code: 'forbidden',
  field: 'proposalId',
  detail: 'Whoever proposes never decides.',
  remedy: 'Another person must decide.',
});
const otherBytes = new Problem({
  code: 'different-request',
  field: 'payloadSha256',
  detail: 'This is not what was proposed.',
  remedy: 'Read the proposal again and decide about its hash.',
});
const decidedBefore = new Problem({
  code: 'conflict',
  field: 'proposalId',
  detail: 'It was decided before.',
  remedy: 'Look at the proposal.',
});
