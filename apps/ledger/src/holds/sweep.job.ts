import { log } from '@app/observability';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { FinishAdjustmentsHandler } from '../adjustments/finish-adjustments.handler.ts';
import { DrainRefundsHandler } from '../refunds/drain-refunds.handler.ts';
import { Waits } from '../waits.ts';
import { SweepHandler } from './sweep.handler.ts';

/** Looks every few seconds for what is due. */
@Injectable()
export class SweepJob implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(
    private readonly sweep: SweepHandler,
    private readonly finishAdjustments: FinishAdjustmentsHandler,
    private readonly drainRefunds: DrainRefundsHandler,
    private readonly waits: Waits,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.running ??= this.run();
    }, this.waits.sweepSeconds * 1_000);
    this.timer.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private async run(): Promise<void> {
    try {
      await this.look(this.sweep);
      await this.look(this.finishAdjustments);
      await this.look(this.drainRefunds);
    } finally {
      this.running = undefined;
    }
  }

  private async look(due: { readonly handle: () => Promise<void> }): Promise<void> {
    try {
      await due.handle();
    } catch (error) {
      log().warn({ err: error }, 'What is due could not be looked for; it is tried again');
    }
  }
}
