import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

/** A client that reads nothing for so long is taken for gone. */
const slowestReadMs = 60_000;
const streamHead = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
  'x-accel-buffering': 'no',
};

/** The client of one call: what it is sent, and whether it is still there. */
export class ClientConnection {
  private readonly goneController = new AbortController();
  private readonly since = performance.now();
  private begun = false;

  /** `takeOver` tells the framework that the response is ours from now on. */
  constructor(
    private readonly response: ServerResponse,
    private readonly takeOver: () => void,
  ) {
    if (response.destroyed) this.goneController.abort();
    response.once('close', () => {
      if (!response.writableFinished) this.goneController.abort();
    });
  }

  /** Aborted when the client left before it had everything. */
  get gone(): AbortSignal {
    return this.goneController.signal;
  }

  /** How long this client has waited until now, in whole milliseconds. */
  get waitedMs(): number {
    return Math.round(performance.now() - this.since);
  }

  /** Sends the head of a stream at once, before its first byte; once. */
  begin(callId: string): void {
    if (this.begun) return;
    this.begun = true;
    this.takeOver();
    if (this.gone.aborted) return;
    this.response.writeHead(200, {
      ...streamHead,
      'x-call-id': callId,
      'openai-processing-ms': String(this.waitedMs),
    });
    this.response.flushHeaders();
    this.response.socket?.setNoDelay(true);
  }

  /**
   * While a stream has no first byte, sends its head and then a comment each `everyMs`, which every client of streams skips:
   * what stands between us would take silence for a dead connection. Gives what ends it.
   */
  keepAlive(callId: string, everyMs: number): () => void {
    const timer = setInterval(() => {
      this.begin(callId);
      if (!this.gone.aborted) this.response.write(': keep-alive\n\n');
    }, everyMs);
    return () => {
      clearInterval(timer);
    };
  }

  /** Sends bytes; a promise while the client is slower than the provider, so that nothing piles up in memory. */
  write(bytes: Buffer | string): Promise<void> | undefined {
    return this.gone.aborted || this.response.write(bytes) ? undefined : this.drained();
  }

  private async drained(): Promise<void> {
    const timer = setTimeout(() => this.response.destroy(), slowestReadMs);
    const drained = new AbortController();
    try {
      const { signal } = drained;
      await Promise.race([
        once(this.response, 'drain', { signal }),
        once(this.response, 'close', { signal }),
      ]);
    } finally {
      drained.abort();
      clearTimeout(timer);
    }
  }

  /** Whether the head of a stream was sent, so that no other answer can be. */
  get hasBegun(): boolean {
    return this.begun;
  }

  /** Breaks the connection off. */
  cut(): void {
    this.response.destroy();
  }

  /** Ends the stream. */
  end(): void {
    if (!this.gone.aborted) this.response.end();
  }
}
