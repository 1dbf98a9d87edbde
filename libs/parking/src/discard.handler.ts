import { Database, type Tx } from '@app/persistence';
import { type Caller, Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import type { DiscardDecision, ParkedMessageWhole } from './parked-message.ts';
import { ParkedMessageStore } from './parked-message.store.ts';
import { notFree } from './parking-problem.ts';

/** Ends messages that will never be applied: one person proposes it with a reason, another one decides. */
@Injectable()
export class DiscardHandler {
  constructor(
    private readonly database: Database,
    private readonly messages: ParkedMessageStore,
  ) {}

  /** Proposes; throws a Problem where the message does not wait, is driven, or has a proposal. */
  async propose(id: string, by: Caller, reason: string): Promise<ParkedMessageWhole> {
    return this.changed(id, async (tx) => {
      const open = await this.messages.openProposal(tx, id);
      if (open !== undefined) throw proposedBefore(open.id);
      await this.messages.write(tx, { parkedId: id, by, action: 'propose-discard', detail: reason });
    });
  }

  /** Decides; throws a Problem also where the maker does, and where the proposal is not the one that is open. */
  async decide(id: string, by: Caller, { proposal, verdict }: DiscardDecision): Promise<ParkedMessageWhole> {
    return this.changed(id, async (tx) => {
      const open = await this.messages.openProposal(tx, id);
      if (open?.id !== proposal) throw otherProposal;
      if (open.actor === by.subject) throw sameProposer;
      const action = verdict === 'approved' ? 'approve-discard' : 'reject-discard';
      const answers = { id: open.id, proposedBy: open.actor };
      await this.messages.write(tx, { parkedId: id, by, action, detail: '', answers });
      if (verdict === 'approved') await this.messages.discard(tx, id);
    });
  }

  private async changed(id: string, change: (tx: Tx) => Promise<void>): Promise<ParkedMessageWhole> {
    const isChanged = await this.database.transaction(async (tx) => {
      const isFree = await this.messages.isFree(tx, id);
      if (isFree) await change(tx);
      return isFree;
    });
    const message = await this.messages.one(id);
    if (!isChanged) throw notFree(message.status);
    return message;
  }
}

const proposedBefore = (proposal: string): Problem =>
  new Problem({
    code: 'conflict',
    field: 'id',
    detail: `It is proposed already, by deed ${proposal}.`,
    remedy: 'Another person must decide about that proposal.',
  });
const otherProposal = new Problem({
  code: 'conflict',
  field: 'proposal',
  detail: 'This is not the open proposal to discard the message.',
  remedy: 'Read the message again, and decide about its last deed propose-discard.',
});
const sameProposer = new Problem({
  code: 'forbidden',
  field: 'proposal',
  detail: 'Whoever proposes never decides.',
  remedy: 'Another person must decide.',
});
