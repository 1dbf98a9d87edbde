import { log, metrics } from '@app/observability';

const retries = metrics.counter({
  name: 'kafka_batch_retries_total',
  help: 'Batches tried again because their consumer threw.',
  labels: ['group'],
});

const delayMsMin = 100;
const delayMsMax = 5_000;

/**
 * Tries the same batch until it succeeds, with growing pauses. It never gives up by itself, for the next batch must not
 * overtake; it stops, with the last error, when the signal says that the partition or the process is gone.
 */
export async function retryInPlace(
  work: () => Promise<void>,
  { signal, group }: { readonly signal: AbortSignal; readonly group: string },
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (isOver(signal)) throw error;
      retries.inc({ group });
      log().error({ err: error, group, attempt }, 'A batch failed and is tried again');
      await pause(Math.min(delayMsMax, delayMsMin * 2 ** Math.min(attempt - 1, 10)), signal);
      if (isOver(signal)) throw error;
    }
  }
}

/** Asked anew each time: the signal changes while the work waits. */
const isOver = (signal: AbortSignal): boolean => signal.aborted;

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
