import type { PaymentsApi } from '@app/contracts';
import { z } from 'zod';
import type { StoredTopUp } from './top-up.store.ts';

/** An order as callers see it. Texts are empty where there is nothing to say. */
export const TopUpView = z
  .object({
    topUpId: z.string(),
    customerId: z.string(),
    channel: z.string(),
    amount: z.string(),
    currency: z.string(),
    status: z.string().describe('created, pending, unknown, succeeded, closed, failed, review or paid_back.'),
    actionKind: z.string().describe('How to pay: `qr`.'),
    actionValue: z.string().describe('The text of the QR code.'),
    createdAt: z.string(),
    expiresAt: z.string(),
    paidAt: z.string(),
    providerReference: z.string(),
    failureCode: z.string(),
  })
  .meta({ id: 'TopUp' });

export const TopUpPage = z
  .object({ topUps: z.array(TopUpView), nextCursor: z.string() })
  .meta({ id: 'TopUpPage' });

export function viewOf({ state, createdAt, expiresAt }: StoredTopUp): PaymentsApi.TopUp {
  const { action, payment, amount } = state;
  // Only an order that can still be paid shows how.
  const payable = state.status === 'pending' ? action : null;
  return {
    topUpId: state.topUpId,
    customerId: state.customerId,
    channel: state.channel,
    amount: amount.toText(),
    currency: amount.currency,
    status: state.status,
    actionKind: shown(payable?.kind),
    actionValue: shown(payable?.value),
    createdAt,
    expiresAt,
    paidAt: shown(payment?.paidAt),
    providerReference: shown(payment?.providerReference),
    failureCode: shown(state.failureCode),
  };
}

const shown = (text: string | null | undefined): string => text ?? '';
