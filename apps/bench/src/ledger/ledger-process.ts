import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';

const programs = {
  ledger: fileURLToPath(new URL('../../../ledger/src/main.js', import.meta.url)),
  'one by one': fileURLToPath(new URL('../one-by-one/main.js', import.meta.url)),
} as const;

/** The ledger, or what it is compared with. */
export type Program = keyof typeof programs;

/** As in `deploy/local/platform.mjs`: a batch lives for longer than the young generation that V8 begins with. */
const nodeFlags = ['--max-semi-space-size=64', '--disable-warning=TimeoutNegativeWarning'];

const readyWithinMs = 60_000;
const attemptsMax = 5;

/** The ledger as it runs in production: a process of its own, known by its addresses. */
export class LedgerProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly httpUrl: string,
    readonly grpcUrl: string,
  ) {}

  /** Those that run, to be ended when the benchmark is. */
  private static readonly running = new Set<LedgerProcess>();

  /** Ends those that run: the benchmark was interrupted. */
  static async stopAll(): Promise<void> {
    await Promise.all([...LedgerProcess.running].map((ledger) => ledger.stop()));
  }

  /** Starts it and waits until it is ready. */
  static async start(
    environment: Readonly<Record<string, string>>,
    program: Program = 'ledger',
  ): Promise<LedgerProcess> {
    // A broker that has just begun may not know its groups yet; the ledger then ends, to be started again.
    for (let attempt = 1; attempt < attemptsMax; attempt += 1) {
      try {
        return await LedgerProcess.startOnce(environment, program);
      } catch {
        await pause(1_000);
      }
    }
    return LedgerProcess.startOnce(environment, program);
  }

  private static async startOnce(
    environment: Readonly<Record<string, string>>,
    program: Program,
  ): Promise<LedgerProcess> {
    const [http, grpc] = [await freePort(), await freePort()];
    const child = spawn(process.execPath, [...nodeFlags, programs[program]], {
      env: {
        LOG_LEVEL: program === 'ledger' ? 'error' : 'fatal',
        ...sealEnvironment(),
        ...environment,
        LEDGER_HTTP_PORT: String(http),
        LEDGER_GRPC_URL: `127.0.0.1:${String(grpc)}`,
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const ledger = new LedgerProcess(child, `http://127.0.0.1:${String(http)}`, `127.0.0.1:${String(grpc)}`);
    LedgerProcess.running.add(ledger);
    void once(child, 'exit').then(() => LedgerProcess.running.delete(ledger));
    await ledger.ready();
    return ledger;
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
    throw new Error('The ledger did not become ready.');
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A key for the seals of days and a folder for them, of this run alone. */
function sealEnvironment(): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'haoli-bench-'));
  const keyFile = join(folder, 'seal-key.pem');
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(keyFile, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  return { SEAL_KEY_FILE: keyFile, SEALS_DIR: join(folder, 'seals') };
}
