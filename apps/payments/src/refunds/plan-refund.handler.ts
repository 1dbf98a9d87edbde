import type { PaymentsApi } from '@app/contracts';
import { Injectable } from '@nestjs/common';
import { PaymentChannels } from '../channels/payment-channel.ts';
import { Clock } from '../clock.ts';
import { RefundedTopUps } from './refunded-top-up.store.ts';
import { waitFor } from './refund-wait.ts';

/** Says how parts of a refund would go back. It promises nothing: rules are looked at again when they are sent. */
@Injectable()
export class PlanRefundHandler {
  constructor(
    private readonly topUps: RefundedTopUps,
    private readonly channels: PaymentChannels,
    private readonly clock: Clock,
  ) {}

  async plan({ customerId, topUpIds }: PaymentsApi.PlanRefundRequest): Promise<PaymentsApi.RefundPlan> {
    const orders = await this.topUps.several(customerId, topUpIds);
    const now = this.clock.now();
    const ways = orders.map((order) => {
      const policy = this.channels.find(order.channel)?.policy;
      const wait = policy ? waitFor(order, policy, { now, isFirst: true }) : 'people';
      return {
        topUpId: order.topUpId,
        how: wait === 'people' ? 'by_people' : 'automatic',
        notBefore: wait instanceof Date ? wait.toISOString() : '',
      };
    });
    return { ways };
  }
}
