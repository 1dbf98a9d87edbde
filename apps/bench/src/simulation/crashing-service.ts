import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { CrashPoint, Instruction } from './crash-point.ts';

const underTest = join(process.cwd(), 'dist/apps/bench/src/simulation/under-test/main.js');
const readyWithinMs = 120_000;
const betweenLooksMs = 50;
/** As an orchestrator: one that ends at once is not started in a loop without a breath. */
const beforeRestartMs = 200;

/** A service that is killed and started again, on the same addresses, until it is stopped. */
export class CrashingService {
  private child: ChildProcess | undefined;
  private up: Promise<void> = Promise.resolve();
  private stopping = false;
  private aheadSeconds = 0;
  /** How often it ended and was started again. */
  restarts = 0;

  constructor(
    private readonly name: 'ledger' | 'payments' | 'sandbox',
    private readonly readyUrl: string,
    private readonly environment: Readonly<Record<string, string>>,
  ) {}

  /** Starts it and resolves when it is ready. */
  start(): Promise<void> {
    this.up = this.run();
    return this.up;
  }

  /** Resolves when it is ready, after whatever happened to it. */
  async ready(): Promise<void> {
    for (let before = this.up; ; before = this.up) {
      await before;
      if (before === this.up) return;
    }
  }

  /** Ends it as a crash would; it is starting again when this resolves. */
  async kill(): Promise<void> {
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Kills it once, when it comes by this point. */
  dieAt(dieAt: CrashPoint): Promise<void> {
    return this.tell({ dieAt });
  }

  /** Moves its business time; a process that starts later begins there. */
  async moveTo(aheadSeconds: number): Promise<void> {
    this.aheadSeconds = aheadSeconds;
    await this.tell({ aheadSeconds });
  }

  async stop(): Promise<void> {
    this.stopping = true;
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(timer);
  }

  private async tell(instruction: Instruction): Promise<void> {
    const child = this.child;
    if (child?.connected !== true) return;
    const heard = new AbortController();
    const { signal } = heard;
    const understood = Promise.race([once(child, 'message', { signal }), once(child, 'exit', { signal })]);
    child.send(instruction, () => undefined);
    await understood;
    heard.abort();
  }

  private async run(): Promise<void> {
    if (this.stopping) return;
    const program = join(process.cwd(), `dist/apps/${this.name}/src/main.js`);
    const child = spawn(
      process.execPath,
      ['--import', underTest, '--disable-warning=TimeoutNegativeWarning', program],
      {
        env: {
          LOG_LEVEL: 'fatal',
          ...this.environment,
          SIMULATION_AHEAD_SECONDS: String(this.aheadSeconds),
        },
        stdio: ['ignore', 'inherit', this.name === 'sandbox' ? 'ignore' : 'inherit', 'ipc'],
      },
    );
    this.child = child;
    child.once('exit', () => {
      if (this.stopping) return;
      this.restarts += 1;
      this.up = pause(beforeRestartMs).then(() => this.run());
      this.up.catch(() => undefined); // Told to whoever waits for it.
    });
    await this.untilReady(child);
  }

  private async untilReady(child: ChildProcess): Promise<void> {
    const begun = performance.now();
    while (performance.now() - begun < readyWithinMs) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const answer = await fetch(this.readyUrl, { signal: AbortSignal.timeout(2_000) }).catch(
        () => undefined,
      );
      if (answer?.ok === true) return;
      await pause(betweenLooksMs);
    }
    throw new Error(`${this.name} did not become ready.`);
  }
}
