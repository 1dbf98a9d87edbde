import { RepeatedJob } from '@app/observability';
import { Injectable } from '@nestjs/common';
import { KeysStore } from '../access/keys.store.ts';
import { RelayCallHandler } from './relay-call.handler.ts';

/** Ends streams whose key was revoked, expired, or whose customer was suspended meanwhile. */
@Injectable()
export class CutRevokedJob extends RepeatedJob {
  constructor(
    private readonly calls: RelayCallHandler,
    private readonly keys: KeysStore,
  ) {
    super({ everyMs: 5_000, failure: 'The keys of streams under way were not looked at' });
  }

  protected async round(): Promise<void> {
    const { streamingKeys } = this.calls;
    if (streamingKeys.length > 0) this.calls.stopStreamsOf(await this.keys.endedOf(streamingKeys));
  }
}
