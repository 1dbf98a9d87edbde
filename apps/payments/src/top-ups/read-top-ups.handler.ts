import { Id, type PaymentsApi } from '@app/contracts';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { cursorAfter, pageOf } from '../paging.ts';
import { TopUps } from './top-up.store.ts';
import { rowOf, viewOf } from './top-up-view.ts';

const severalMax = 500;

/** What callers see of orders; another customer's order does not exist for them. */
@Injectable()
export class ReadTopUpsHandler {
  constructor(private readonly topUps: TopUps) {}

  async get({ customerId, topUpId }: PaymentsApi.GetTopUpRequest): Promise<PaymentsApi.TopUp> {
    const found = Id.safeParse(topUpId).success ? await this.topUps.find(topUpId) : undefined;
    if (found?.state.customerId === customerId) return viewOf(found);
    throw new Problem({
      code: 'unknown-top-up',
      detail: `The customer has no top-up ${topUpId.slice(0, 64)}.`,
      field: 'topUpId',
    });
  }

  /** Those of the orders that exist. For whoever knows their customers: nothing is checked against one here. */
  async several({ topUpIds }: PaymentsApi.GetTopUpsRequest): Promise<PaymentsApi.ListTopUpsResponse> {
    if (topUpIds.length > severalMax) {
      throw new Problem({
        code: 'invalid-request',
        detail: `${String(topUpIds.length)} top-ups were asked for, more than ${String(severalMax)}.`,
        field: 'topUpIds',
        remedy: 'Ask in several requests.',
      });
    }
    const known = topUpIds.filter((id) => Id.safeParse(id).success);
    return { topUps: (await this.topUps.several(known)).map(rowOf), nextCursor: '' };
  }

  async list({
    customerId,
    ...asked
  }: PaymentsApi.ListTopUpsRequest): Promise<PaymentsApi.ListTopUpsResponse> {
    const { beforeId, limit } = pageOf(asked);
    const found = await this.topUps.list(customerId, { beforeId, limit });
    const ids = found.map(({ state }) => state.topUpId);
    return { topUps: found.map(rowOf), nextCursor: cursorAfter(ids, limit) };
  }
}
