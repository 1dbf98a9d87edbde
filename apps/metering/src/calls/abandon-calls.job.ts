import { log, RepeatedJob } from '@app/observability';
import { Inject, Injectable } from '@nestjs/common';
import { type MeteringSettings, meteringSettingsToken } from '../metering-settings.ts';
import { AbandonCallsHandler } from './abandon-calls.handler.ts';

/** Looks for calls past their deadline from time to time. */
@Injectable()
export class AbandonCallsJob extends RepeatedJob {
  constructor(
    private readonly abandonCalls: AbandonCallsHandler,
    @Inject(meteringSettingsToken) settings: MeteringSettings,
  ) {
    super({ everyMs: settings.METERING_ABANDONED_INTERVAL_MS, failure: 'Overdue calls were not looked for' });
  }

  protected async round(): Promise<void> {
    const calls = await this.abandonCalls.handle();
    if (calls > 0) log().warn({ calls }, 'Calls without an end were closed uncharged');
  }
}
