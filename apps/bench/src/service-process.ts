import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePorts } from './free-ports.ts';
import { sealEnvironment } from './seal-environment.ts';

/** What can be started, where it lies below `dist/apps`, and how its settings begin. */
const programs = {
  gateway: { path: 'gateway/src/main.js', prefix: 'GATEWAY' },
  metering: { path: 'metering/src/main.js', prefix: 'METERING' },
  ledger: { path: 'ledger/src/main.js', prefix: 'LEDGER' },
  payments: { path: 'payments/src/main.js', prefix: 'PAYMENTS' },
  'one by one': { path: 'bench/src/one-by-one/main.js', prefix: 'LEDGER' },
  'fake upstream': { path: 'bench/src/fake-upstream/main.js', prefix: 'UPSTREAM' },
} as const;

/** A service, or what it is compared with. */
export type Program = keyof typeof programs;

const readyWithinMs = 120_000;
const attemptsMax = 5;
let profilesMade = 0;

/** A service as it runs in production: a process of its own, known by its addresses. */
export class ServiceProcess {
  private complaints = 0;

  private constructor(
    private readonly child: ChildProcess,
    private readonly program: Program,
    readonly httpUrl: string,
    readonly grpcUrl: string,
  ) {}

  /** Those that run, to be ended when the benchmark is. */
  private static readonly running = new Set<ServiceProcess>();

  /** Ends those that run: the benchmark was interrupted. */
  static async stopAll(): Promise<void> {
    await Promise.all([...ServiceProcess.running].map((service) => service.stop()));
  }

  /** Starts it and waits until it is ready. `BENCH_PROFILES` is a folder for profiles of its CPU. A broker that has just begun may not know its groups yet: then again. */
  static async start(
    program: Program,
    environment: Readonly<Record<string, string>>,
  ): Promise<ServiceProcess> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await ServiceProcess.startOnce(program, environment);
      } catch (error) {
        if (attempt === attemptsMax) throw error;
        await pause(1_000);
      }
    }
  }

  private static async startOnce(
    program: Program,
    environment: Readonly<Record<string, string>>,
  ): Promise<ServiceProcess> {
    const { path, prefix } = programs[program];
    const [http, grpc] = await freePorts(2);
    const file = fileURLToPath(new URL(`../../${path}`, import.meta.url));
    const child = spawn(process.execPath, [...flagsOf(program, environment['BENCH_PROFILES']), file], {
      env: {
        LOG_LEVEL: program === 'one by one' ? 'fatal' : 'error',
        ...(program === 'ledger' ? sealEnvironment(mkdtempSync(join(tmpdir(), 'haoli-bench-'))) : {}),
        ...environment,
        ...(program === 'payments' ? { WECHATPAY_NOTIFY_BASE_URL: `http://127.0.0.1:${String(http)}` } : {}),
        [`${prefix}_HTTP_PORT`]: String(http),
        [`${prefix}_GRPC_URL`]: `127.0.0.1:${String(grpc)}`,
      },
      stdio: ['ignore', 'inherit', 'pipe'],
    });
    const addresses = [`http://127.0.0.1:${String(http)}`, `127.0.0.1:${String(grpc)}`] as const;
    const service = new ServiceProcess(child, program, ...addresses);
    child.stderr.on('data', (text: Buffer) => {
      service.complaints += 1;
      process.stderr.write(text);
    });
    ServiceProcess.running.add(service);
    void once(child, 'exit').then(() => ServiceProcess.running.delete(service));
    await service.ready();
    return service;
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  /** How often it wrote to its standard error, which is where Node warns of listeners that are never removed. */
  get warnings(): number {
    return this.complaints;
  }

  /** Lets it finish what it has begun. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
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
    throw new Error(`The ${this.program} did not become ready.`);
  }
}

/** As in `deploy/local/platform.mjs`, and a profile of its CPU where one is wanted. */
function flagsOf(program: Program, profiles: string | undefined): string[] {
  return [
    '--disable-warning=TimeoutNegativeWarning',
    // A batch lives for longer than the young generation that V8 begins with.
    ...(program === 'ledger' || program === 'one by one' ? ['--max-semi-space-size=64'] : []),
    ...(profiles === undefined
      ? []
      : [
          '--cpu-prof',
          `--cpu-prof-name=${program.replaceAll(' ', '-')}-${String((profilesMade += 1))}.cpuprofile`,
        ]),
    ...(profiles === undefined ? [] : [`--cpu-prof-dir=${profiles}`]),
  ];
}
