import { RepeatedJob } from '@app/observability';
import { Injectable } from '@nestjs/common';
import { SealDaysHandler } from './seal-days.handler.ts';

/** Looks every half minute whether a day is over. */
@Injectable()
export class SealDaysJob extends RepeatedJob {
  constructor(private readonly sealDays: SealDaysHandler) {
    super({ everyMs: 30_000, isFirstAtStart: true, failure: 'A day could not be sealed' });
  }

  protected round(ending: AbortSignal): Promise<unknown> {
    return this.sealDays.handle(ending);
  }
}
