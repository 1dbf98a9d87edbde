import type { ServiceTokens } from '@app/transport';
import { z } from 'zod';
import { patiently, ReplayFailed } from './patience.ts';
import type { ReplaySettings } from './replay-settings.ts';

const Customer = z.object({ customerId: z.string() });
const Key = z.object({ keyId: z.string(), key: z.string() });
const TopUp = z.object({
  id: z.string(),
  status: z.string(),
  action: z.object({ value: z.string() }).nullable(),
});

/** The rate card of replays: its only price begins before any trace does. */
export const replayCard = 'replay';
/** The model of the trace's calls. */
export const replayModel = 'gpt-5.5';

interface Sending {
  readonly token?: string;
  readonly idempotencyKey?: string;
  readonly body?: unknown;
}

/** What an operator and a customer do over REST before a replay. */
export class PlatformClient {
  constructor(
    private readonly settings: ReplaySettings,
    private readonly operator: ServiceTokens,
  ) {}

  /** Publishes the price of the replay; where it is there already, nothing changes. */
  async publishPrice(): Promise<void> {
    await this.send(`${this.settings.METERING_HTTP_URL}/v1/rate-cards/${replayCard}/price-versions`, {
      body: {
        ...{ model: replayModel, currency: 'CNY', effectiveFrom: '2023-01-01T00:00:00Z' },
        rates: { input: '2.5', output: '15' },
      },
    });
  }

  /** Creates a customer, or finds the one that an earlier replay of the same file created. */
  async customer(name: string, idempotencyKey: string): Promise<string> {
    const body = { name, plan: 'hk-credit', rateCardId: replayCard };
    const url = `${this.settings.GATEWAY_HTTP_URL}/v1/admin/customers`;
    return Customer.parse(await this.send(url, { idempotencyKey, body })).customerId;
  }

  /** Tops up a wallet as a customer does: orders with an API key, and pays what the QR code asks for. */
  async topUp(customerId: string, amount: string, idempotencyKey: string): Promise<void> {
    const keys = `${this.settings.GATEWAY_HTTP_URL}/v1/admin/customers/${customerId}/keys`;
    const { key, keyId } = Key.parse(await this.send(keys, { body: { name: 'replay' } }));
    const topUps = `${this.settings.GATEWAY_HTTP_URL}/v1/top-ups`;
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      const order = {
        token: key,
        idempotencyKey: `${idempotencyKey}:${attempt.toString()}`,
        body: { amount },
      };
      const { id, status, action } = TopUp.parse(await this.send(topUps, order));
      if (status === 'pending' && action) await this.pay(action.value);
      if (status === 'succeeded' || (await this.isPaid(`${topUps}/${id}`, key))) {
        await this.send(`${keys}/${keyId}/revoke`, {});
        return;
      }
    }
    throw new ReplayFailed(`${customerId} could not be topped up.`);
  }

  private async isPaid(url: string, token: string): Promise<boolean> {
    for (let asked = 0; asked < 100; asked += 1) {
      const { status } = TopUp.parse(await this.send(url, { token }, 'GET'));
      if (status === 'succeeded') return true;
      if (status === 'closed' || status === 'failed') return false;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return false;
  }

  private async pay(codeUrl: string): Promise<void> {
    const answer = await fetch(`${this.settings.WECHATPAY_SANDBOX_URL}/__sandbox/pay`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ codeUrl }),
      signal: AbortSignal.timeout(30_000),
    });
    // A replay that was ended in the middle may have paid before; the order's status decides.
    if (!answer.ok) await answer.body?.cancel();
  }

  private send(url: string, sending: Sending, method: 'GET' | 'POST' = 'POST'): Promise<unknown> {
    return patiently(async () => {
      const { token, idempotencyKey, body } = sending;
      const answer = await fetch(url, {
        method,
        headers: {
          authorization: `Bearer ${token ?? (await this.operator.bearer())}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(20_000),
      });
      const text = await answer.text();
      if (answer.ok) return JSON.parse(text) as unknown;
      const said = `${method} ${url} answered ${answer.status.toString()}: ${text}`;
      if (isForGood(answer.status)) throw new ReplayFailed(said);
      throw new Error(said);
    });
  }
}

const isForGood = (status: number): boolean =>
  status >= 400 && status < 500 && ![404, 409, 429].includes(status);
