import type { PaymentsApi } from '@app/contracts';
import encodeQR from 'qr';
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
    method: z.string().describe('qr, page or jsapi.'),
    actionKind: z.string().describe('How to pay: `qr`, `redirect` or `jsapi`.'),
    actionValue: z
      .string()
      .describe('The text of the QR code, the address to go to, or the app’s parameters as JSON.'),
    actionPicture: z.string().describe('The QR code as an image, a data: URL of SVG; not in lists.'),
    createdAt: z.string(),
    expiresAt: z.string(),
    paidAt: z.string(),
    providerReference: z.string(),
    failureCode: z.string(),
    late: z.boolean().describe('Paid after it had been closed or had expired.'),
  })
  .meta({ id: 'TopUp' });

export const TopUpPage = z
  .object({ topUps: z.array(TopUpView), nextCursor: z.string() })
  .meta({ id: 'TopUpPage' });

/** An order in a list: without the picture. */
export function rowOf({ state, way, late, createdAt, expiresAt }: StoredTopUp): PaymentsApi.TopUp {
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
    method: way.method,
    actionKind: shown(payable?.kind),
    actionValue: shown(payable?.value),
    actionPicture: '',
    createdAt,
    expiresAt,
    paidAt: shown(payment?.paidAt),
    providerReference: shown(payment?.providerReference),
    failureCode: shown(state.failureCode),
    late,
  };
}

/** An order alone: with the QR code as an image. */
export function viewOf(order: StoredTopUp): PaymentsApi.TopUp {
  const row = rowOf(order);
  return row.actionKind === 'qr' ? { ...row, actionPicture: pictureOf(row.actionValue) } : row;
}

function pictureOf(text: string): string {
  const svg = encodeQR(text, 'svg', { ecc: 'medium' });
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
}

const shown = (text: string | null | undefined): string => text ?? '';
