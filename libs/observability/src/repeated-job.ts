import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { log } from './log.ts';
import { metrics } from './metrics.ts';

const failed = metrics.counter({
  name: 'haoli_job_rounds_failed_total',
  help: 'Rounds of a repeated job that ended with an error; the next round tries again.',
  labels: ['job'],
});

/** How a job is repeated. */
export interface Repetition {
  /** Milliseconds from one round's start to the next. A round that takes longer delays the next one. */
  readonly everyMs: number;
  /** Whether the first round comes at the process's start; otherwise after `everyMs`. */
  readonly isFirstAtStart?: boolean;
  /** What the log says where a round fails. */
  readonly failure: string;
}

/**
 * Work that a process does again and again, one round at a time. A round that fails is logged and counted, and the next one
 * tries again. At the end of the process the round under way is told by its signal, and waited for while connections are open.
 */
export abstract class RepeatedJob implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly ending = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  protected constructor(private readonly repetition: Repetition) {}

  /** One round. `ending` is aborted when the process goes down. */
  protected abstract round(ending: AbortSignal): Promise<unknown>;

  onApplicationBootstrap(): void {
    const { everyMs, isFirstAtStart } = this.repetition;
    this.timer = setInterval(() => {
      this.begin();
    }, everyMs).unref();
    if (isFirstAtStart === true) this.begin();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.ending.abort();
    await this.running;
  }

  private begin(): void {
    this.running ??= this.safely().finally(() => (this.running = undefined));
  }

  private async safely(): Promise<void> {
    try {
      await this.round(this.ending.signal);
    } catch (error) {
      if (this.ending.signal.aborted) return;
      const job = this.constructor.name;
      failed.inc({ job });
      log().warn({ err: error, job }, this.repetition.failure);
    }
  }
}
