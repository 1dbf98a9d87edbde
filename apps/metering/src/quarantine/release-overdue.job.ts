import { log } from '@app/observability';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { type MeteringSettings, meteringSettingsToken } from '../metering-settings.ts';
import { ReleaseOverdueHandler } from './release-overdue.handler.ts';

/** Watches from time to time how long quarantined calls have waited. */
@Injectable()
export class ReleaseOverdueJob implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(
    private readonly releaseOverdue: ReleaseOverdueHandler,
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
      const calls = await this.releaseOverdue.handle();
      if (calls > 0) log().warn({ calls }, 'Quarantined calls that nobody resolved were closed uncharged');
    } catch (error) {
      log().warn({ err: error }, 'Quarantined calls could not be looked at; the next round tries again');
    }
  }
}
