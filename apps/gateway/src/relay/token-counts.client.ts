import { log } from '@app/observability';
import { type Encoding, encodings, TokenWorkers } from '@app/tokens';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { TokenCounts } from './token-counts.ts';

/** Counts in threads of their own. Who waits for a count waits for a call's end, so the wait is bounded. */
@Injectable()
export class ThreadTokenCounts extends TokenCounts implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly workers = new TokenWorkers();

  constructor(private readonly timeoutMs: number) {
    super();
  }

  /** The tables of the encodings take a second to read: they are read before the first call needs them. */
  onApplicationBootstrap(): void {
    for (const encoding of encodings) {
      this.workers.count(encoding, ['']).catch((error: unknown) => {
        log().error({ err: error, encoding }, 'Tokens cannot be counted');
      });
    }
  }

  async count(encoding: Encoding, texts: readonly string[]): Promise<readonly number[]> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      reject(new Error(`not counted within ${String(this.timeoutMs)} ms`));
    }, this.timeoutMs);
    try {
      return await Promise.race([this.workers.count(encoding, texts), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.workers.close();
  }
}
