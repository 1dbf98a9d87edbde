import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface SandboxOrder {
  readonly outTradeNo: string;
  readonly codeUrl: string;
  readonly state: string;
  readonly transactionId?: string;
}

export interface SandboxRefund {
  readonly outRefundNo: string;
  readonly outTradeNo: string;
  readonly status: string;
  readonly refund: number;
}

export interface SandboxNotification {
  readonly id: string;
  readonly eventType: string;
  readonly answers: readonly number[];
  readonly acknowledged: boolean;
  /** The fields, where the provider tells them openly. */
  readonly form?: Readonly<Record<string, string>>;
}

/** The providers that have a sandbox, with the settings that specs give it: nothing ends by itself, and no spacing. */
const kinds = {
  wechat: (directory: string) => ({
    WECHATPAY_SANDBOX_DIR: directory,
    WECHATPAY_SANDBOX_PORT: 0,
    WECHATPAY_SANDBOX_REFUND_DELAY_MS: 'manual',
    WECHATPAY_SANDBOX_REFUND_SPACING_MS: 0,
  }),
  bank: (_directory: string) => ({ BANK_SANDBOX_PORT: 0 }),
  alipay: (directory: string) => ({
    ALIPAY_SANDBOX_DIR: directory,
    ALIPAY_SANDBOX_PORT: 0,
    ALIPAY_SANDBOX_REFUND_SPACING_MS: 0,
  }),
};

/** A provider's sandbox in a process of its own, and the levers to play the payer and to break things. */
export class SandboxProcess {
  private constructor(
    readonly url: string,
    readonly directory: string,
    private readonly end: () => Promise<void>,
  ) {}

  /** `at` starts it on the keys and records of an earlier one. */
  static async start(
    kind: keyof typeof kinds,
    settings: Readonly<Record<string, unknown>> = {},
    at?: string,
  ): Promise<SandboxProcess> {
    const directory = at ?? mkdtempSync(join(tmpdir(), `haoli-${kind}-`));
    const { url, end } = await spawned(kind, { ...kinds[kind](directory), ...settings });
    return new SandboxProcess(url, directory, async () => {
      await end();
      if (at === undefined) rmSync(directory, { recursive: true, force: true });
    });
  }

  close(): Promise<void> {
    return this.end();
  }

  fault(fault: string, options: { on?: string; times?: number; value?: number } = {}) {
    return this.control('POST', 'faults', { fault, ...options });
  }

  clearFaults() {
    return this.control('DELETE', 'faults');
  }

  /** The payer pays; resolves when the first notification was answered. */
  async pay(outTradeNo: string, options: { late?: boolean } = {}): Promise<SandboxOrder> {
    return (await this.control('POST', 'pay', { outTradeNo, ...options })) as unknown as SandboxOrder;
  }

  /** Something else that only this sandbox offers. */
  async ask(path: string, body?: object | string): Promise<Record<string, unknown>> {
    const text = typeof body === 'string' ? body : JSON.stringify(body ?? {});
    const response = await fetch(`${this.url}${path}`, { method: 'POST', body: text });
    const told = (await response.json()) as Record<string, unknown>;
    if (!response.ok) throw new Error(`${path}: ${JSON.stringify(told)}`);
    return told;
  }

  /** The payer scans the code or goes to the page, and pays. */
  async payByCode(codeUrl: string): Promise<SandboxOrder> {
    return (await this.control('POST', 'pay', { codeUrl })) as unknown as SandboxOrder;
  }

  /** The payer's app is called with what our page has; it pays only what we signed. */
  async payInApp(parameters: object): Promise<SandboxOrder> {
    return (await this.control('POST', 'pay', { inApp: parameters })) as unknown as SandboxOrder;
  }

  endRefund(outRefundNo: string, how: 'complete' | 'close' | 'abnormal' = 'complete') {
    return this.control('POST', `refund/${how}`, { outRefundNo });
  }

  advance(seconds: number) {
    return this.control('POST', 'clock', { advanceSeconds: seconds });
  }

  /** A payment of the same merchant that we never ordered. */
  async paidElsewhere(fen: number): Promise<SandboxOrder> {
    return (await this.control('POST', 'console/payment', { fen })) as unknown as SandboxOrder;
  }

  /** A refund that somebody makes in the merchant's console. */
  async refundInConsole(outTradeNo: string, fen: number): Promise<SandboxRefund> {
    return (await this.control('POST', 'console/refund', { outTradeNo, fen })) as unknown as SandboxRefund;
  }

  /** The provider pays our money out to our bank account. */
  withdraw(fen?: number) {
    return this.control('POST', 'console/withdrawal', fen === undefined ? {} : { fen });
  }

  /** What lies at the provider, in fen. */
  async balance(): Promise<number> {
    return (await this.control('GET', 'console/balance'))['fen'] as number;
  }

  async again(id: string, copies: number): Promise<readonly number[]> {
    return (await this.control('POST', 'notify', { id, copies }))['answers'] as readonly number[];
  }

  async orders(): Promise<readonly SandboxOrder[]> {
    return (await this.control('GET', 'orders'))['orders'] as readonly SandboxOrder[];
  }

  async refunds(): Promise<readonly SandboxRefund[]> {
    return (await this.control('GET', 'refunds'))['refunds'] as readonly SandboxRefund[];
  }

  async notifications(): Promise<readonly SandboxNotification[]> {
    return (await this.control('GET', 'notifications'))['notifications'] as readonly SandboxNotification[];
  }

  private async control(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const response = await fetch(`${this.url}/__sandbox/${path}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    });
    const told = (await response.json()) as Record<string, unknown>;
    if (!response.ok) throw new Error(`${path}: ${JSON.stringify(told)}`);
    return told;
  }
}

async function spawned(kind: string, settings: object): Promise<{ url: string; end: () => Promise<void> }> {
  const program = join(import.meta.dirname, `../../sandbox/src/${kind}/main.ts`);
  const flags = ['--disable-warning=ExperimentalWarning', program, JSON.stringify(settings)];
  const child = spawn(process.execPath, flags, { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve();
    });
  });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once('line', (line) => {
      resolve((JSON.parse(line) as { url: string }).url);
    });
    child.once('exit', (status) => {
      reject(new Error(`The sandbox ended with status ${String(status)}: ${complaint}`));
    });
  });
  const end = async () => {
    child.stdin.end();
    await ended;
  };
  return { url, end };
}
