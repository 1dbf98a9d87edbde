import { z } from 'zod';
import { Fault, type Faults } from './faults.ts';
import { ProviderError } from './provider-error.ts';
import type { MerchantConsole } from './merchant-console.ts';
import type { TradeRecords } from './trade-records.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What a call comes to: a status and, except for 204, a body; or a file, which providers do not sign. */
export interface Answer {
  readonly status: number;
  readonly body?: object;
  readonly file?: Buffer;
}

const Pay = z.strictObject({
  outTradeNo: z.string().optional(),
  /** The text of the QR code, or the address of the page. */
  codeUrl: z.string().optional(),
  /** What the merchant's page handed to the payer's app. */
  inApp: z.record(z.string(), z.string()).optional(),
  /** Pays although the order was closed or has ended, as happens with money that is on its way. */
  late: z.boolean().default(false),
});
export type Pay = z.infer<typeof Pay>;
const EndRefund = z.strictObject({ outRefundNo: z.string() });
const Again = z.strictObject({ id: z.string(), copies: z.int().min(1).max(1_000).default(1) });
const fen = z.int().min(1);
const Elsewhere = z.strictObject({ fen });
const ConsoleRefund = z.strictObject({ outTradeNo: z.string(), fen });
const Withdraw = z.strictObject({ fen: fen.optional() });
const Advance = z.strictObject({ advanceSeconds: z.number().min(0) });

/** How a refund ends at a provider, or that it cannot. */
export type RefundEnd = 'SUCCESS' | 'CLOSED' | 'ABNORMAL';

export interface ControlParts {
  /** The payer pays; resolves when the merchant has been told for the first time. */
  readonly pay: (wanted: Pay) => Promise<object>;
  readonly endRefund: (outRefundNo: string, end: RefundEnd) => Promise<object>;
  readonly records: TradeRecords;
  readonly merchantConsole: MerchantConsole;
  readonly notifier: {
    list(): readonly object[];
    again(id: string, copies: number): Promise<readonly unknown[]>;
    run(): Promise<void>;
  };
  readonly faults: Faults;
  readonly clock: VirtualClock;
}

/** What only a sandbox has: to play the payer, to move the clock, to break things, and to look inside. */
export class ControlApi {
  private readonly actions: Readonly<Record<string, (body: Buffer) => Answer | Promise<Answer>>>;

  constructor({ pay, endRefund, records, merchantConsole, notifier, faults, clock }: ControlParts) {
    const ending = (end: RefundEnd) => async (body: Buffer) =>
      ok(await endRefund(read(EndRefund, body).outRefundNo, end));
    this.actions = {
      'POST /pay': async (body) => ok(await pay(read(Pay, body))),
      'POST /refund/complete': ending('SUCCESS'),
      'POST /refund/close': ending('CLOSED'),
      'POST /refund/abnormal': ending('ABNORMAL'),
      'POST /notify': async (body) => {
        const { id, copies } = read(Again, body);
        return ok({ answers: await notifier.again(id, copies) });
      },
      'POST /clock': async (body) => {
        clock.advance(read(Advance, body).advanceSeconds * 1000);
        await notifier.run();
        return ok({ now: clock.now().toISOString() });
      },
      'POST /faults': (body) => {
        faults.add(read(Fault, body));
        return ok({ waiting: faults.list() });
      },
      'DELETE /faults': () => {
        faults.clear();
        return ok({ waiting: [] });
      },
      'GET /faults': () => ok({ waiting: faults.list() }),
      'POST /console/payment': (body) => ok(merchantConsole.payElsewhere(read(Elsewhere, body).fen)),
      'POST /console/refund': (body) => {
        const wanted = read(ConsoleRefund, body);
        return ok(merchantConsole.refund(wanted.outTradeNo, wanted.fen));
      },
      'POST /console/withdrawal': (body) => ok(merchantConsole.withdraw(read(Withdraw, body).fen)),
      'GET /console/balance': () => ok({ fen: merchantConsole.balance() }),
      'GET /orders': () => ok({ orders: records.listOrders() }),
      'GET /refunds': () => ok({ refunds: records.listRefunds() }),
      'GET /notifications': () => ok({ notifications: notifier.list() }),
    };
  }

  async run(method: string, path: string, body: Buffer): Promise<Answer> {
    const action = this.actions[`${method} ${path.slice('/__sandbox'.length)}`];
    if (!action) throw new ProviderError(404, 'NOT_FOUND', `There is no ${method} ${path}.`);
    return action(body);
  }
}

const ok = (body: object): Answer => ({ status: 200, body });

function read<Schema extends z.ZodType>(schema: Schema, body: Buffer): z.infer<Schema> {
  const parsed = schema.safeParse(JSON.parse(body.toString('utf8') || '{}'));
  if (parsed.success) return parsed.data;
  throw new ProviderError(400, 'PARAM_ERROR', z.prettifyError(parsed.error));
}
