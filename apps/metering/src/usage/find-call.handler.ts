import type { MeteringApi } from '@app/contracts';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { CustomerStore } from '../customers/customer.store.ts';
import { CallLineStore } from './call-line.store.ts';
import { lineOf } from './list-calls.handler.ts';
import type { CallQuestion } from './usage-query.ts';

/** Gives the receipt of one ended call. */
@Injectable()
export class FindCallHandler {
  constructor(
    private readonly customers: CustomerStore,
    private readonly lines: CallLineStore,
  ) {}

  /** Throws `not-found` where the customer has no such call, or it has not ended; another customer's is not there either. */
  async handle({ customerId, callId }: CallQuestion): Promise<MeteringApi.CallReceipt> {
    const call = await this.lines.find(customerId, callId);
    if (call === undefined) {
      throw new Problem({
        code: 'not-found',
        field: 'callId',
        detail: `callId: ${customerId} has no ended call of this id`,
        remedy: 'Take the id from the list of calls; a call is there once it has ended.',
      });
    }
    return {
      call: lineOf(call, await this.customers.find(customerId)),
      holdId: call.hold_id ?? '',
      endedAt: call.ended_at,
      rawUsage: call.raw_usage ?? '',
      rateCard: call.rate_card ?? '',
      priceEffectiveFrom: call.effective_from ?? '',
      priceTerms: call.terms === null ? '' : JSON.stringify(call.terms),
    };
  }
}
