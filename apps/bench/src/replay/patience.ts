/** The replay cannot be finished; the message says why. */
export class ReplayFailed extends Error {
  override readonly name = 'ReplayFailed';
}

const patienceMs = 180_000;
const pauseMs = 500;

/**
 * Does something that may be done again, until it succeeds: a service that is killed and started again in the middle of a
 * replay must not end it. What a service refuses for good is thrown at once.
 */
export async function patiently<Result>(work: () => Promise<Result>): Promise<Result> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof ReplayFailed || performance.now() > deadline) throw error;
    }
    await pause(pauseMs);
  }
}

/** Waits. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Does the same for many things, a few at a time, and gives the results in their order. */
export async function forEach<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item, index: number) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const next = items.entries();
  const worker = async () => {
    for (const [index, item] of next) results[index] = await work(item, index);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
