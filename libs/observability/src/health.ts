/** Answers whether one thing this process needs is usable; throws, with the reason, where it is not. */
export type HealthCheck = () => Promise<void>;

/** What a probe found: `ok`, or the reason of each check that failed. */
export interface HealthReport {
  readonly ok: boolean;
  readonly checks: Readonly<Record<string, string>>;
}

/**
 * What this process knows about its own health.
 * Liveness asks only whether a restart would help, so it never looks at PostgreSQL or Kafka themselves; readiness asks whether
 * requests should come here now.
 */
export class Health {
  private readonly readiness = new Map<string, HealthCheck>();
  private readonly liveness = new Map<string, HealthCheck>();
  private readonly drainListeners: (() => void)[] = [];
  private draining = false;

  /** Adds a condition for receiving requests. */
  ready(name: string, check: HealthCheck): void {
    this.readiness.set(name, check);
  }

  /** Adds a condition for not being restarted. */
  live(name: string, check: HealthCheck): void {
    this.liveness.set(name, check);
  }

  /** Says that the process is going down: readiness is false from now on, and listeners may end what would last. */
  drain(): void {
    if (this.draining) return;
    this.draining = true;
    for (const listener of this.drainListeners) listener();
  }

  /** Calls `listener` when the process starts to go down, for streams that would otherwise hold it open. */
  onDrain(listener: () => void): void {
    this.drainListeners.push(listener);
  }

  /** Whether requests should come here now. A check that does not answer within two seconds has failed. */
  async readinessReport(): Promise<HealthReport> {
    if (this.draining) return { ok: false, checks: { process: 'is going down' } };
    return report(this.readiness);
  }

  /** Whether the process works at all. */
  livenessReport(): Promise<HealthReport> {
    return report(this.liveness);
  }
}

const checkMsMax = 2_000;

async function report(checks: ReadonlyMap<string, HealthCheck>): Promise<HealthReport> {
  const results = await Promise.all(
    [...checks].map(async ([name, check]) => [name, await outcomeOf(check)] as const),
  );
  return { ok: results.every(([, outcome]) => outcome === 'ok'), checks: Object.fromEntries(results) };
}

async function outcomeOf(check: HealthCheck): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<string>((resolve) => {
    timer = setTimeout(() => {
      resolve(`no answer within ${checkMsMax} ms`);
    }, checkMsMax);
  });
  try {
    return await Promise.race([check().then(() => 'ok'), timeout]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
}

/** The health of this process. */
export const health = new Health();
