import {
  type EventOf,
  type RefundClosed,
  type RefundRefused,
  type RefundReserved,
  topics,
} from '@app/contracts';
import { ConsumesBatch, type EventBatch } from '@app/kafka';
import { Inbox } from '@app/persistence';
import { Controller } from '@nestjs/common';
import { HearLedgerHandler } from './hear-ledger.handler.ts';

type LedgerEvent =
  EventOf<typeof RefundReserved> | EventOf<typeof RefundRefused> | EventOf<typeof RefundClosed>;

/** Reads the ledger's answers to refund requests. */
@Controller()
export class LedgerRefundsConsumer {
  constructor(
    private readonly inbox: Inbox,
    private readonly handler: HearLedgerHandler,
  ) {}

  @ConsumesBatch(topics.ledgerRefunds)
  async apply(batch: EventBatch): Promise<void> {
    await this.inbox.apply<LedgerEvent>(batch, (tx, events) => this.handler.hear(tx, events));
  }
}
