import { RepeatedJob } from '@app/observability';
import { Injectable } from '@nestjs/common';
import { RepeatedCallsStore } from './repeated-calls.store.ts';

/** Answers are kept for a day and no longer: they are the customer's words. */
@Injectable()
export class ForgetRepeatedJob extends RepeatedJob {
  constructor(private readonly repeated: RepeatedCallsStore) {
    super({ everyMs: 60_000, failure: 'Answers to named requests were not forgotten' });
  }

  protected async round(): Promise<void> {
    await this.repeated.forgetOld();
  }
}
