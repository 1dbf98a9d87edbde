import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

/** A client that reads nothing for so long is taken for gone. */
const slowestReadMs = 60_000;

/** The client of one call: what it is sent, and whether it is still there. */
export class ClientConnection {
  private readonly goneController = new AbortController();
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

  /** Sends the head of a stream at once, before its first byte. */
  begin(headers: Readonly<Record<string, string>>): void {
    this.begun = true;
    this.takeOver();
    if (this.gone.aborted) return;
    this.response.writeHead(200, headers);
    this.response.flushHeaders();
    this.response.socket?.setNoDelay(true);
  }

  /** Sends bytes and waits while the client is slower than the provider, so that nothing piles up in memory. */
  async write(bytes: Buffer | string): Promise<void> {
    if (this.gone.aborted || this.response.write(bytes)) return;
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
