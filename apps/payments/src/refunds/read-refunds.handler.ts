import { Id, type PaymentsApi } from '@app/contracts';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { cursorAfter, pageOf } from '../paging.ts';
import { Refunds } from './refund.store.ts';
import { viewOf } from './refund-view.ts';

/** What callers see of refunds; another customer's refund does not exist for them. */
@Injectable()
export class ReadRefundsHandler {
  constructor(private readonly refunds: Refunds) {}

  async get({ customerId, refundId }: PaymentsApi.GetRefundRequest): Promise<PaymentsApi.Refund> {
    const found = Id.safeParse(refundId).success ? await this.refunds.find(refundId) : undefined;
    if (found?.state.customerId === customerId) return viewOf(found);
    throw new Problem({
      code: 'unknown-refund',
      detail: `The customer has no refund ${refundId.slice(0, 64)}.`,
      field: 'refundId',
    });
  }

  async list({
    customerId,
    ...asked
  }: PaymentsApi.ListRefundsRequest): Promise<PaymentsApi.ListRefundsResponse> {
    const { beforeId, limit } = pageOf(asked);
    const found = await this.refunds.list(customerId, { beforeId, limit });
    const ids = found.map(({ state }) => state.refundId);
    return { refunds: found.map(viewOf), nextCursor: cursorAfter(ids, limit) };
  }
}
