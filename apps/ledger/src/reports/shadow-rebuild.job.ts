import { RepeatedJob } from '@app/observability';
import { Injectable } from '@nestjs/common';
import { ShadowRebuildHandler } from './shadow-rebuild.handler.ts';

/** Looks with the shadow rebuild now and then, one look at a time. */
@Injectable()
export class ShadowRebuildJob extends RepeatedJob {
  constructor(private readonly shadow: ShadowRebuildHandler) {
    super({ everyMs: 15_000, failure: 'The shadow rebuild could not look' });
  }

  protected round(): Promise<unknown> {
    return this.shadow.look();
  }
}
