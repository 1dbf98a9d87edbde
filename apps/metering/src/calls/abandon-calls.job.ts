import { log } from '@app/observability';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { type MeteringSettings, meteringSettingsToken } from '../metering-settings.ts';
import { AbandonCallsHandler } from './abandon-calls.handler.ts';

/** Looks for calls past their deadline from time to time. */
@Injectable()
export class AbandonCallsJob implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(
    private readonly abandonCalls: AbandonCallsHandler,
    @Inject(meteringSettingsToken) private readonly settings: MeteringSettings,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.running ??= this.run().finally(() => (this.running = undefined));
    }, this.settings.METERING_ABANDONED_INTERVAL_MS);
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private async run(): Promise<void> {
    try {
      const calls = await this.abandonCalls.handle();
      if (calls > 0) log().warn({ calls }, 'Calls without an end were closed uncharged');
    } catch (error) {
      log().warn({ err: error }, 'Overdue calls could not be looked for; the next round tries again');
    }
  }
}
