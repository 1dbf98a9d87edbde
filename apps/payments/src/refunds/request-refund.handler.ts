import { topics } from '@app/contracts';
import { refund, type Refund, type RefundCommand } from '@app/funding';
import { Database, newId, Outbox } from '@app/persistence';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { Clock } from '../clock.ts';
import { IdempotencyKeys } from '../idempotency.store.ts';
import { amountProblem } from '../top-ups/start-top-up.handler.ts';
import { requested } from './refund-news.ts';
import { Refunds, type StoredRefund } from './refund.store.ts';

/** What a customer asks for, through whoever speaks for them. */
export interface RequestRefund {
  readonly customerId: string;
  readonly asked: Extract<RefundCommand, { type: 'RequestRefund' }>['asked'];
  readonly idempotencyKey: string;
}

/** Takes a refund request and asks the ledger, which alone knows what is refundable. */
@Injectable()
export class RequestRefundHandler {
  constructor(
    private readonly database: Database,
    private readonly refunds: Refunds,
    private readonly keys: IdempotencyKeys,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async request({ customerId, asked, idempotencyKey: key }: RequestRefund): Promise<StoredRefund> {
    const state = begun({ type: 'RequestRefund', refundId: newId('ref'), customerId, asked });
    const now = this.clock.now();
    const request =
      state.asked.kind === 'close-out' ? { closeOut: true } : { ...state.asked.amount.toJSON() };
    const refundId = await this.database.transaction(async (tx) => {
      const keyed = { customerId, operation: 'request-refund', key, request } as const;
      const known = await this.keys.take(tx, keyed, state.refundId);
      if (known !== undefined) return known;
      await this.refunds.insert(tx, state, now);
      await this.outbox.add(tx, topics.refunds.name, [requested(state, now)]);
      return state.refundId;
    });
    const stored = await this.refunds.find(refundId);
    if (!stored) throw new Error(`The refund ${refundId} vanished.`);
    return stored;
  }
}

function begun(command: Extract<RefundCommand, { type: 'RequestRefund' }>): Refund {
  const decision = refund.decide(command, undefined);
  if (!decision.accepted) {
    const { refusal } = decision;
    if ('remedy' in refusal) throw amountProblem(refusal);
    throw new Problem({ code: 'conflict', detail: `The refund is refused: ${refusal.code}.` });
  }
  const state = decision.events.reduce<Refund | undefined>(
    (so, event) => refund.evolve(so, event),
    undefined,
  );
  if (!state) throw new Error('A requested refund has no state.');
  return state;
}
