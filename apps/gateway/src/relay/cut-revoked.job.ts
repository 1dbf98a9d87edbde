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
    super({ everyMs: 5_000, failure: 'The keys of calls under way were not looked at' });
  }

  protected async round(): Promise<void> {
    const { keysUnderWay } = this.calls;
    if (keysUnderWay.length > 0) this.calls.stopCallsOf(await this.keys.endedOf(keysUnderWay));
  }
}
