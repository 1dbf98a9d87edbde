import { type Dispatcher, Pool } from 'undici';

/** How a call went, in milliseconds since it was made. */
export interface Answered {
  readonly status: number;
  readonly firstByteMs: number;
  readonly wholeMs: number;
}

const connectionsMax = 1_024;

/** Calls a door as cheaply as can be: the machine is shared with what is measured. */
export class Caller {
  private pool: Pool;
  private bytes = 0;

  constructor(private readonly origin: string) {
    this.pool = poolOf(origin);
  }

  /** All bytes of all answers so far. */
  get bytesRead(): number {
    return this.bytes;
  }

  /** One chat completion, to its last byte. */
  chat(key: string, body: string): Promise<Answered> {
    return new Promise((resolve, reject) => {
      this.pool.dispatch(
        {
          path: '/v1/chat/completions',
          method: 'POST',
          headers: ['authorization', `Bearer ${key}`, 'content-type', 'application/json'],
          body,
        },
        this.reader(resolve, reject),
      );
    });
  }

  /** Closes every connection; the next call opens its own. */
  async idle(): Promise<void> {
    await this.pool.close();
    this.pool = poolOf(this.origin);
  }

  close(): Promise<void> {
    return this.pool.close();
  }

  private reader(
    resolve: (answered: Answered) => void,
    reject: (error: Error) => void,
  ): Dispatcher.DispatchHandler {
    const begun = performance.now();
    let status = 0;
    let firstByteMs = 0;
    return {
      onRequestStart: () => undefined,
      onResponseStart: (_controller, statusCode) => {
        status = statusCode;
      },
      onResponseData: (_controller, chunk) => {
        if (firstByteMs === 0) firstByteMs = performance.now() - begun;
        this.bytes += chunk.length;
      },
      onResponseEnd: () => {
        resolve({ status, firstByteMs, wholeMs: performance.now() - begun });
      },
      onResponseError: (_controller, error) => {
        reject(error);
      },
    };
  }
}

const poolOf = (origin: string): Pool =>
  new Pool(origin, { connections: connectionsMax, pipelining: 1, keepAliveTimeout: 60_000 });
