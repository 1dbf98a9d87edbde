import { randomUUID } from 'node:crypto';
import type { Payments } from './payments-process.ts';

/** What the ledger sets aside of a refund. */
export interface ReservedItem {
  readonly topUpId: string;
  readonly channel: string;
  readonly amount: string;
}

/** A customer wants its money back, and the ledger, played here, sets these items aside, in CNY. */
export async function reservedRefund(
  payments: Pick<Payments, 'grpc' | 'ledgerSays'>,
  customerId: string,
  reserved: readonly ReservedItem[],
) {
  const { refundId } = await payments.grpc.RequestRefund({
    ...{ customerId, closeOut: true, amount: '', currency: '', idempotencyKey: randomUUID() },
  });
  const time = new Date().toISOString();
  const cny = (amount: string) => ({ amount, currency: 'CNY' });
  const items = reserved.map(({ topUpId, channel, amount }, at) => {
    return { itemId: `${refundId}.${String(at + 1)}`, topUpId, channel, amount: cny(amount) };
  });
  await payments.ledgerSays({
    ...{ id: `${refundId}:reserved`, type: 'RefundReserved', source: 'haoli/ledger', time },
    subject: customerId,
    data: {
      ...{ refundId, customerId, rounding: '0', reservedAt: time, items },
      total: cny(reserved[0]?.amount ?? '0'),
    },
  });
  return { customerId, refundId, itemId: `${refundId}.1`, number: `${refundId}-1` };
}
