import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const program = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const readyWithinMs = 120_000;

/** A process that is measured: payments, or the sandbox of a provider. */
export class Child {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  /** Payments as it runs in production. */
  static async payments(environment: Readonly<Record<string, string>>): Promise<Child> {
    const [http, grpc] = [await freePort(), await freePort()];
    const url = `http://127.0.0.1:${String(http)}`;
    const ports = {
      PAYMENTS_HTTP_PORT: String(http),
      PAYMENTS_GRPC_URL: `127.0.0.1:${String(grpc)}`,
      WECHATPAY_NOTIFY_BASE_URL: url,
    };
    const child = spawn(
      process.execPath,
      ['--disable-warning=TimeoutNegativeWarning', program('payments/src/main.js')],
      { env: { LOG_LEVEL: 'error', ...environment, ...ports }, stdio: ['ignore', 'inherit', 'inherit'] },
    );
    const begun = performance.now();
    while (performance.now() - begun < readyWithinMs && child.exitCode === null) {
      const answer = await fetch(`${url}/readyz`).catch(() => undefined);
      if (answer?.ok === true) return new Child(child, url);
      await pause(100);
    }
    child.kill('SIGTERM');
    throw new Error('Payments did not become ready.');
  }

  /** WeChat Pay's sandbox; its keys lie in the directory. */
  static async wechat(directory: string): Promise<Child> {
    const settings = { WECHATPAY_SANDBOX_DIR: directory, WECHATPAY_SANDBOX_PORT: 0 };
    const child = spawn(process.execPath, [program('sandbox/src/wechat/main.js'), JSON.stringify(settings)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    return new Child(child, (JSON.parse(line) as { url: string }).url);
  }

  /** The most memory that it ever had, in bytes; undefined where the system does not tell. */
  memoryMax(): number | undefined {
    try {
      const status = readFileSync(`/proc/${String(this.child.pid)}/status`, 'utf8');
      return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
    } catch {
      return undefined;
    }
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.stdin?.end();
    this.child.kill('SIGTERM');
    await ended;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
