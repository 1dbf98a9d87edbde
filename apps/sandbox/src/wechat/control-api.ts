import { z } from 'zod';
import { Fault, type Faults } from './faults.ts';
import type { Answer, MerchantApi } from './merchant-api.ts';
import { readBody } from './messages.ts';
import type { Notifier } from './notifier.ts';
import type { Orders } from './orders.ts';
import { ProviderError } from './provider-error.ts';
import type { TradeRecords } from './trade-records.ts';
import type { VirtualClock } from './virtual-clock.ts';

const Pay = z.strictObject({
  outTradeNo: z.string().optional(),
  codeUrl: z.string().optional(),
  /** Pays although the order was closed or has ended, as happens with money that is on its way. */
  late: z.boolean().default(false),
});
const EndRefund = z.strictObject({ outRefundNo: z.string() });
const Again = z.strictObject({ id: z.string(), copies: z.int().min(1).max(1_000).default(1) });
const Advance = z.strictObject({ advanceSeconds: z.number().min(0) });

export interface ControlParts {
  readonly api: MerchantApi;
  readonly orders: Orders;
  readonly records: TradeRecords;
  readonly notifier: Notifier;
  readonly faults: Faults;
  readonly clock: VirtualClock;
}

/** What only the sandbox has: to play the payer, to move the clock, to break things, and to look inside. */
export class ControlApi {
  private readonly parts: ControlParts;
  private readonly actions: Readonly<Record<string, (body: Buffer) => Answer | Promise<Answer>>>;

  constructor(parts: ControlParts) {
    this.parts = parts;
    const { api, faults, clock } = parts;
    const ending = (status: 'SUCCESS' | 'CLOSED' | 'ABNORMAL') => async (body: Buffer) =>
      ok(await api.endRefund(readBody(EndRefund, body).outRefundNo, status));
    this.actions = {
      'POST /pay': (body) => this.pay(body),
      'POST /refund/complete': ending('SUCCESS'),
      'POST /refund/close': ending('CLOSED'),
      'POST /refund/abnormal': ending('ABNORMAL'),
      'POST /notify': async (body) => this.notify(body),
      'POST /clock': async (body) => {
        clock.advance(readBody(Advance, body).advanceSeconds * 1000);
        await parts.notifier.run();
        return ok({ now: clock.now().toISOString() });
      },
      'POST /faults': (body) => {
        faults.add(readBody(Fault, body));
        return ok({ waiting: faults.list() });
      },
      'DELETE /faults': () => {
        faults.clear();
        return ok({ waiting: [] });
      },
      'GET /faults': () => ok({ waiting: faults.list() }),
      'GET /orders': () => ok({ orders: parts.records.listOrders() }),
      'GET /refunds': () => ok({ refunds: parts.records.listRefunds() }),
      'GET /notifications': () => ok({ notifications: parts.notifier.list() }),
    };
  }

  async run(method: string, path: string, body: Buffer): Promise<Answer> {
    const action = this.actions[`${method} ${path.slice('/__sandbox'.length)}`];
    if (!action) throw new ProviderError(404, 'NOT_FOUND', `There is no ${method} ${path}.`);
    return action(body);
  }

  private async pay(body: Buffer): Promise<Answer> {
    const { orders, api } = this.parts;
    const { outTradeNo, codeUrl, late } = readBody(Pay, body);
    const order = codeUrl === undefined ? orders.get(outTradeNo ?? '') : orders.byCode(codeUrl);
    return ok(await api.pay(order, { late }));
  }

  private async notify(body: Buffer): Promise<Answer> {
    const { id, copies } = readBody(Again, body);
    return ok({ answers: await this.parts.notifier.again(id, copies) });
  }
}

const ok = (body: object): Answer => ({ status: 200, body });
