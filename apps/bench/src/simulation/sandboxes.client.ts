/** The providers whose customers scan a code. */
export const providers = ['wechat-pay', 'alipay'] as const;
export type Provider = (typeof providers)[number];

/** An order as its provider keeps it; amounts in fen. */
export interface ProviderOrder {
  readonly outTradeNo: string;
  readonly state: 'NOTPAY' | 'SUCCESS' | 'REFUND' | 'CLOSED';
  readonly told: { readonly total: number };
}

/** A refund as its provider keeps it; amounts in fen. */
export interface ProviderRefund {
  readonly outRefundNo: string;
  readonly outTradeNo: string;
  readonly refund: number;
  readonly status: 'PROCESSING' | 'SUCCESS' | 'CLOSED' | 'ABNORMAL';
}

/** Plays payers and the providers' own people, and moves the sandboxes' time. */
export class Sandboxes {
  private readonly urls: Readonly<Record<Provider | 'bank', string>>;

  constructor(ports: Readonly<Record<'wechat' | 'alipay' | 'bank', string>>) {
    const url = (port: string) => `http://127.0.0.1:${port}`;
    this.urls = { 'wechat-pay': url(ports.wechat), alipay: url(ports.alipay), bank: url(ports.bank) };
  }

  async fault(provider: Provider, fault: object): Promise<void> {
    await this.ask(provider, 'POST', '/__sandbox/faults', fault);
  }

  async clearFaults(): Promise<void> {
    await Promise.all(providers.map((provider) => this.ask(provider, 'DELETE', '/__sandbox/faults')));
  }

  /** False where the provider refuses: the order has ended, or was paid. */
  async pay(provider: Provider, outTradeNo: string, late: boolean): Promise<boolean> {
    const paid = this.ask(provider, 'POST', '/__sandbox/pay', { outTradeNo, late });
    return paid.then(
      () => true,
      () => false,
    );
  }

  async endRefund(
    provider: Provider,
    outRefundNo: string,
    how: 'complete' | 'close' | 'abnormal',
  ): Promise<void> {
    await this.ask(provider, 'POST', `/__sandbox/refund/${how}`, { outRefundNo });
  }

  /** Sends a notification again, as providers do. */
  async tellAgain(provider: Provider, id: string, copies: number): Promise<void> {
    await this.ask(provider, 'POST', '/__sandbox/notify', { id, copies });
  }

  async orders(provider: Provider): Promise<readonly ProviderOrder[]> {
    return (await this.ask(provider, 'GET', '/__sandbox/orders'))['orders'] as readonly ProviderOrder[];
  }

  async refunds(provider: Provider): Promise<readonly ProviderRefund[]> {
    return (await this.ask(provider, 'GET', '/__sandbox/refunds'))['refunds'] as readonly ProviderRefund[];
  }

  /** Notifications by their ids; `unsent` those that the provider lost. */
  async notificationIds(provider: Provider, which: 'all' | 'unsent' = 'all'): Promise<readonly string[]> {
    const { notifications } = await this.ask(provider, 'GET', '/__sandbox/notifications');
    const told = notifications as readonly { readonly id: string; readonly answers: readonly unknown[] }[];
    return told.filter(({ answers }) => which === 'all' || answers.length === 0).map(({ id }) => id);
  }

  async advance(seconds: number): Promise<void> {
    const all = [...providers, 'bank'] as const;
    const body = { advanceSeconds: seconds };
    await Promise.all(all.map((one) => this.ask(one, 'POST', '/__sandbox/clock', body)));
  }

  /** Money comes to our bank account. */
  async transfer(transfer: object): Promise<void> {
    await this.ask('bank', 'POST', '/__sandbox/transfer', transfer);
  }

  /** The bank pays the rows of a payout file, each once. */
  async payOut(file: string): Promise<void> {
    await this.ask('bank', 'POST', '/payouts', file);
  }

  /** The statement of what was booked since the last one, in base64. */
  async statement(format: string): Promise<string> {
    return String((await this.ask('bank', 'POST', `/statement?format=${format}`))['content']);
  }

  /** What lies on our bank account, in fen. */
  async bankBalance(): Promise<number> {
    return Number((await this.ask('bank', 'POST', '/__sandbox/balance'))['fen']);
  }

  private async ask(
    where: Provider | 'bank',
    method: string,
    path: string,
    body?: object | string,
  ): Promise<Record<string, unknown>> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await fetch(`${this.urls[where]}${path}`, {
      method,
      ...(body === undefined ? {} : { body: text }),
    });
    const told = (await answer.json()) as Record<string, unknown>;
    if (!answer.ok) throw new Error(`${where} ${path}: ${JSON.stringify(told)}`);
    return told;
  }
}
