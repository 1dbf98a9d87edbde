import { encodeEvent, type Event, type WireEvent } from '@app/contracts';

const currency = 'CNY';

/** The id of a customer of this benchmark. */
export const customerId = (index: number): string => `cus_bench${String(index).padStart(6, '0')}`;

/** A customer is created and tops up enough for every charge of this benchmark. */
export const customerCreated = (customer: string): WireEvent =>
  wire('gateway.customers.v1', {
    id: `${customer}:1`,
    type: 'CustomerChanged',
    source: 'haoli/gateway',
    time: '2026-11-22T08:00:00Z',
    subject: customer,
    data: {
      customerId: customer,
      name: 'Bench',
      plan: { code: 'usd-credit', credits: '1', amount: '7.14' },
      currency,
      rateCardId: 'standard',
      timeZone: 'Asia/Shanghai',
      status: 'active',
      changedAt: '2026-11-22T08:00:00Z',
    },
  });

/** Three top-ups, so that there are lots to choose among. */
export const topUps = (customer: string): WireEvent[] =>
  ['10', '1000', '90000000'].map((amount, index) =>
    wire('payments.top-ups.v1', {
      id: `top_${customer}_${String(index)}:settled`,
      type: 'TopUpSettled',
      source: 'haoli/payments',
      time: '2026-11-22T08:00:01Z',
      subject: customer,
      data: {
        topUpId: `top_${customer}_${String(index)}`,
        customerId: customer,
        channel: 'wechat-pay',
        paid: { amount, currency },
        providerReference: `4200${customer}${String(index)}`,
        paidAt: '2026-11-22T08:00:01Z',
        late: false,
      },
    }),
  );

/** A call that was rated just now, as metering tells it, with the hold that it settles or without one. */
export function usageRated(customer: string, callId: string, holdId: string | null): WireEvent {
  const now = new Date().toISOString();
  return wire('metering.rated.v1', {
    id: `${callId}:rated`,
    type: 'UsageRated',
    source: 'haoli/metering',
    time: now,
    subject: customer,
    data: {
      callId,
      customerId: customer,
      keyId: 'key_01JD5ZK9X2M4N6P8Q0R2S4T6V8',
      holdId,
      model: 'gpt-5.5',
      priceVersionId: 'prv_01JD5ZA0000000000000000001',
      occurredAt: now.replace('Z', '456Z'),
      charge: { amount: '0.0195', currency },
      lines: [
        { kind: 'input', quantity: 3000, unitPrice: '2.5', per: '1000000', amount: '0.0075' },
        { kind: 'output', quantity: 800, unitPrice: '15', per: '1000000', amount: '0.012' },
      ],
    },
  });
}

const wire = (topic: string, event: Event): WireEvent => encodeEvent(topic, event);
