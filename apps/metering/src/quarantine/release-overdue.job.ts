import { log, RepeatedJob } from '@app/observability';
import { Inject, Injectable } from '@nestjs/common';
import { type MeteringSettings, meteringSettingsToken } from '../metering-settings.ts';
import { ReleaseOverdueHandler } from './release-overdue.handler.ts';

/** Watches from time to time how long quarantined calls have waited. */
@Injectable()
export class ReleaseOverdueJob extends RepeatedJob {
  constructor(
    private readonly releaseOverdue: ReleaseOverdueHandler,
    @Inject(meteringSettingsToken) settings: MeteringSettings,
  ) {
    super({
      everyMs: settings.METERING_ABANDONED_INTERVAL_MS,
      failure: 'Quarantined calls were not looked at',
    });
  }

  protected async round(): Promise<void> {
    const calls = await this.releaseOverdue.handle();
    if (calls > 0) log().warn({ calls }, 'Quarantined calls that nobody resolved were closed uncharged');
  }
}
