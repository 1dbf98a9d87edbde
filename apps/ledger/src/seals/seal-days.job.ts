import { log } from '@app/observability';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { SealDaysHandler } from './seal-days.handler.ts';

const everyMs = 30_000;

/** Looks every half minute whether a day is over. */
@Injectable()
export class SealDaysJob implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly ending = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(private readonly sealDays: SealDaysHandler) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.running ??= this.run();
    }, everyMs);
    this.timer.unref();
    this.running = this.run();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.ending.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    try {
      await this.sealDays.handle(this.ending.signal);
    } catch (error) {
      if (!this.ending.signal.aborted)
        log().error({ err: error }, 'A day could not be sealed; it is tried again');
    } finally {
      this.running = undefined;
    }
  }
}
