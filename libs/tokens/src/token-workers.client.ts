import { Worker } from 'node:worker_threads';
import type { CountingAnswer, CountingRequest } from './counting-message.ts';
import type { Encoding } from './token-counter.ts';

/** How many threads count, and how much one request may bring. */
export interface TokenWorkersOptions {
  readonly workers?: number;
  /** In UTF-16 units over all texts of a request. Counting takes about 50 bytes of memory a byte in the worst case. */
  readonly unitsMax?: number;
}

/** The texts of one request are longer together than it may bring. The size of the text bounds its tokens instead. */
export class TextTooLong extends Error {
  override readonly name = 'TextTooLong';
}

/** The counting threads ended while a count was awaited. */
export class CountingFailed extends Error {
  override readonly name = 'CountingFailed';
}

interface Waiting {
  readonly resolve: (counts: readonly number[]) => void;
  readonly reject: (error: Error) => void;
}

/** A thread and the requests it has not answered. */
interface Thread {
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting>;
}

/**
 * Counts tokens in threads of their own, so that no text can block the event loop. The threads start with the first
 * count and do not keep the process alive. One that dies fails the counts it had and is replaced at the next.
 */
export class TokenWorkers {
  private readonly threads: (Thread | undefined)[];
  private readonly unitsMax: number;
  private lastId = 0;

  constructor({ workers = 1, unitsMax = 8 * 1024 * 1024 }: TokenWorkersOptions = {}) {
    this.threads = Array.from({ length: workers }, () => undefined);
    this.unitsMax = unitsMax;
  }

  /** The tokens of each text. Rejects with TextTooLong or CountingFailed. */
  async count(encoding: Encoding, texts: readonly string[]): Promise<readonly number[]> {
    const units = texts.reduce((sum, text) => sum + text.length, 0);
    if (units > this.unitsMax) {
      throw new TextTooLong(`${units.toString()} characters are more than ${this.unitsMax.toString()}`);
    }
    const thread = this.idlest();
    this.lastId += 1;
    const request: CountingRequest = { id: this.lastId, encoding, texts };
    return new Promise((resolve, reject) => {
      thread.waiting.set(request.id, { resolve, reject });
      thread.worker.ref();
      thread.worker.postMessage(request);
    });
  }

  /** Ends the threads; counts that are awaited fail. */
  async close(): Promise<void> {
    const started = this.threads.filter((thread) => thread !== undefined);
    await Promise.all(started.map(({ worker }) => worker.terminate()));
  }

  private idlest(): Thread {
    const loads = this.threads.map((thread) => thread?.waiting.size ?? 0);
    const at = loads.indexOf(Math.min(...loads));
    const thread = this.threads[at] ?? this.start(at);
    this.threads[at] = thread;
    return thread;
  }

  private start(at: number): Thread {
    const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const worker = new Worker(new URL(`./counting.job.${ending}`, import.meta.url), { execArgv: [] });
    const waiting = new Map<number, Waiting>();
    worker.on('message', (answer: CountingAnswer) => {
      settle(waiting, answer);
      // A thread that waits for work must not keep the process alive.
      if (waiting.size === 0) worker.unref();
    });
    worker.on('error', (error) => {
      this.lose(at, waiting, error);
    });
    worker.on('exit', () => {
      this.lose(at, waiting, new CountingFailed('the counting thread ended'));
    });
    return { worker, waiting };
  }

  private lose(at: number, waiting: Map<number, Waiting>, error: unknown): void {
    if (this.threads[at]?.waiting === waiting) this.threads[at] = undefined;
    const failure = error instanceof CountingFailed ? error : new CountingFailed(String(error));
    for (const { reject } of waiting.values()) reject(failure);
    waiting.clear();
  }
}

function settle(waiting: Map<number, Waiting>, answer: CountingAnswer): void {
  const asked = waiting.get(answer.id);
  waiting.delete(answer.id);
  if ('counts' in answer) asked?.resolve(answer.counts);
  else asked?.reject(new CountingFailed(answer.failure));
}
