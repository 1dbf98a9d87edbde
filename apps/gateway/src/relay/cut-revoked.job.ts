import { log } from '@app/observability';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { KeysStore } from '../access/keys.store.ts';
import { RelayCallHandler } from './relay-call.handler.ts';

const everyMs = 5_000;

/** Ends streams whose key was revoked, expired, or whose customer was suspended meanwhile. */
@Injectable()
export class CutRevokedJob implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly calls: RelayCallHandler,
    private readonly keys: KeysStore,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.cut().catch((error: unknown) => {
        log().warn({ err: error }, 'The keys of calls under way were not looked at');
      });
    }, everyMs);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async cut(): Promise<void> {
    const { keysUnderWay } = this.calls;
    if (keysUnderWay.length > 0) this.calls.stopCallsOf(await this.keys.endedOf(keysUnderWay));
  }
}
