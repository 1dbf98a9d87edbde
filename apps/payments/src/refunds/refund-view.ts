import type { PaymentsApi } from '@app/contracts';
import type { RefundItem } from '@app/funding';
import { z } from 'zod';
import type { StoredRefund } from './refund.store.ts';

const RefundItemView = z
  .object({
    itemId: z.string(),
    topUpId: z.string(),
    channel: z.string(),
    amount: z.string(),
    status: z
      .string()
      .describe(
        'created, submitting, unknown, processing, succeeded, failed, abnormal, queued_funds or manual_payout.',
      ),
    providerReference: z.string(),
    failureCode: z.string(),
  })
  .meta({ id: 'RefundItem' });

/** A refund as callers see it. Texts are empty where there is nothing to say. */
export const RefundView = z
  .object({
    refundId: z.string(),
    customerId: z.string(),
    closeOut: z.boolean(),
    amount: z
      .string()
      .describe('What was asked for; for a close-out what the ledger set aside, once it has.'),
    currency: z.string(),
    status: z.string().describe('requested, processing, succeeded, partially_succeeded, failed or refused.'),
    refusalCode: z.string(),
    refundable: z.string().describe('What could be refunded instead, where it was refused.'),
    items: z.array(RefundItemView),
    requestedAt: z.string(),
    closedAt: z.string(),
    paid: z.string().describe('What went back, once the ledger has closed it.'),
    givenBack: z.string().describe('What returned to the wallet instead.'),
  })
  .meta({ id: 'Refund' });

export const RefundPage = z
  .object({ refunds: z.array(RefundView), nextCursor: z.string() })
  .meta({ id: 'RefundPage' });

export function viewOf({ state, requestedAt, closedAt, paid, givenBack }: StoredRefund): PaymentsApi.Refund {
  const { asked, items, refused } = state;
  const amount = asked.kind === 'amount' ? asked.amount : totalOf(items);
  const refundable = refused?.refundable;
  return {
    refundId: state.refundId,
    customerId: state.customerId,
    closeOut: asked.kind === 'close-out',
    amount: shown(amount?.toText()),
    currency: shown((amount ?? refundable)?.currency),
    status: state.status,
    refusalCode: shown(refused?.code),
    refundable: shown(refundable?.toText()),
    items: items.map(itemView),
    requestedAt,
    closedAt: shown(closedAt),
    paid: shown(paid),
    givenBack: shown(givenBack),
  };
}

function totalOf([first, ...others]: readonly RefundItem[]) {
  return first && others.reduce((sum, { amount }) => sum.plus(amount), first.amount);
}

const itemView = (item: RefundItem): PaymentsApi.RefundItem => ({
  itemId: item.itemId,
  topUpId: item.topUpId,
  channel: item.channel,
  amount: item.amount.toText(),
  status: item.status,
  providerReference: shown(item.providerReference),
  failureCode: shown(item.failureCode),
});

const shown = (text: string | null | undefined): string => text ?? '';
