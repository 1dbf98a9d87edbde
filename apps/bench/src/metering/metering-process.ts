import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../../metering/src/main.js', import.meta.url));
const readyWithinMs = 120_000;
const attemptsMax = 5;

/** Metering as it runs in production: a process of its own, known by its address. */
export class MeteringProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly httpUrl: string,
  ) {}

  /** Starts it and waits until it is ready. A broker that has just begun may not know its groups yet: then again. */
  static async start(environment: Readonly<Record<string, string>>): Promise<MeteringProcess> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await MeteringProcess.startOnce(environment);
      } catch (error) {
        if (attempt === attemptsMax) throw error;
        await pause(1_000);
      }
    }
  }

  private static async startOnce(environment: Readonly<Record<string, string>>): Promise<MeteringProcess> {
    const [http, grpc] = [await freePort(), await freePort()];
    const child = spawn(process.execPath, ['--disable-warning=TimeoutNegativeWarning', program], {
      env: {
        LOG_LEVEL: 'error',
        ...environment,
        METERING_HTTP_PORT: String(http),
        METERING_GRPC_URL: `127.0.0.1:${String(grpc)}`,
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const metering = new MeteringProcess(child, `http://127.0.0.1:${String(http)}`);
    await metering.ready();
    return metering;
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  /** Lets it finish what it has begun. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await ended;
  }

  private async ready(): Promise<void> {
    const begun = performance.now();
    while (performance.now() - begun < readyWithinMs && this.child.exitCode === null) {
      const answer = await fetch(`${this.httpUrl}/readyz`).catch(() => undefined);
      if (answer?.ok === true) return;
      await pause(100);
    }
    this.child.kill('SIGTERM');
    throw new Error('Metering did not become ready.');
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
