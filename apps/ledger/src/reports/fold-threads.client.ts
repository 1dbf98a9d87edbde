import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { ExportedSnapshot } from './exported-snapshot.store.ts';
import type { FoldedTable } from './fold-table.handler.ts';

/** What a thread tells: that it has the snapshot, what a table came to, or why it could not. */
export type FoldThreadAnswer = 'ready' | { readonly folded: FoldedTable } | { readonly failure: string };

const threadsMax = 4;
/** Many times what a thread needs; without a limit, garbage is left lying until there is much of it. */
const oldGenerationMibMax = 256;
/** What a thread looks at is garbage at once: the larger this is, the less of it is copied. */
const youngGenerationMibMax = 32;

/** Threads that fold tables of the journal beside one another, each on a connection of its own, all on one snapshot. */
export class FoldThreads {
  private constructor(private readonly workers: readonly Worker[]) {}

  /** Starts them, at most one for each table, and waits until all have the snapshot; it need not be kept open any longer. */
  static async start(snapshot: ExportedSnapshot, tables: number): Promise<FoldThreads> {
    const size = Math.min(availableParallelism(), threadsMax, tables);
    const program = new URL('./fold-table.job.js', import.meta.url);
    const options = {
      workerData: snapshot,
      execArgv: [],
      resourceLimits: {
        maxOldGenerationSizeMb: oldGenerationMibMax,
        maxYoungGenerationSizeMb: youngGenerationMibMax,
      },
    };
    const workers = Array.from({ length: size }, () => new Worker(program, options));
    const threads = new FoldThreads(workers);
    try {
      await Promise.all(workers.map(answerOf));
      return threads;
    } catch (error) {
      await threads.close();
      throw error;
    }
  }

  /** Folds the tables, each in the next thread that is free. */
  async fold(tables: readonly string[]): Promise<FoldedTable[]> {
    const left = [...tables];
    const folded: FoldedTable[] = [];
    await Promise.all(
      this.workers.map(async (worker) => {
        for (let table = left.shift(); table !== undefined; table = left.shift()) {
          const answer = answerOf(worker);
          worker.postMessage(table);
          const given = await answer;
          if (given !== 'ready') folded.push(given.folded);
        }
      }),
    );
    return folded;
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}

/** The next answer of a thread; fails where the thread fails. */
async function answerOf(worker: Worker): Promise<Exclude<FoldThreadAnswer, { failure: string }>> {
  const [answer] = (await once(worker, 'message')) as [FoldThreadAnswer];
  if (answer !== 'ready' && 'failure' in answer)
    throw new Error(`A thread of the rebuild failed: ${answer.failure}`);
  return answer;
}
