import type { LedgerApi, MeteringApi } from '@app/contracts';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import type { Caller } from '../access/caller.ts';
import { notFound } from '../openai/openai-error.ts';
import { Peers } from '../peers.client.ts';
import { eventIdOf, type Receipt, receiptOf } from './receipt-view.ts';

/** Puts a receipt together: what metering rated, and the entry that the ledger made of it. */
@Injectable()
export class FindReceiptHandler {
  constructor(private readonly peers: Peers) {}

  /** Throws `not_found` where the customer has no such call; another customer's is not there either. */
  async handle({ customerId, currency }: Caller, callId: string): Promise<Receipt> {
    const { call, ...receipt } = await this.rated(customerId, callId);
    if (call === undefined) throw notFound('call');
    return receiptOf({ ...receipt, call }, await this.entry(call), currency);
  }

  private async rated(customerId: string, callId: string): Promise<MeteringApi.CallReceipt> {
    try {
      return await this.peers.metering.GetCall({ customerId, callId });
    } catch (error) {
      throw error instanceof Problem && error.code === 'not-found' ? notFound('call') : error;
    }
  }

  private async entry(call: MeteringApi.CallLine): Promise<LedgerApi.Entry | undefined> {
    const eventId = eventIdOf(call);
    if (eventId === undefined) return undefined;
    const { entries } = await this.peers.ledger.ListEntries({
      ...{ bookId: call.customerId, pageSize: 1, cursor: '' },
      filter: { ...anyEntry, eventId },
    });
    return entries[0];
  }
}

const anyEntry: LedgerApi.EntryFilter = {
  ...{
    kind: '',
    account: '',
    eventId: '',
    occurredFrom: '',
    occurredTo: '',
    recordedFrom: '',
    recordedTo: '',
  },
};
