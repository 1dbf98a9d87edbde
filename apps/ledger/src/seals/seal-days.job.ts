import { RepeatedJob } from '@app/observability';
import { Injectable } from '@nestjs/common';
import { SumDaysHandler } from '../reports/sum-days.handler.ts';
import { SealDaysHandler } from './seal-days.handler.ts';

/** Looks every half minute whether a day is over: it is sealed, and then summed. */
@Injectable()
export class SealDaysJob extends RepeatedJob {
  constructor(
    private readonly sealDays: SealDaysHandler,
    private readonly sumDays: SumDaysHandler,
  ) {
    super({ everyMs: 30_000, isFirstAtStart: true, failure: 'A day could not be sealed or summed' });
  }

  protected async round(ending: AbortSignal): Promise<void> {
    await this.sealDays.handle(ending);
    await this.sumDays.handle(ending);
  }
}
