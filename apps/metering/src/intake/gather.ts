/** One caller that waits for its answer. */
interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Turns single calls into batches: what gathers while one batch is in flight is the next one. There is no timer, so a
 * lone caller does not wait, and many callers share one commit.
 */
export function gather<Item, Result>(
  work: (items: readonly Item[]) => Promise<readonly Result[]>,
  itemsMax: number,
): (item: Item) => Promise<Result> {
  const waiting: Waiting<Item, Result>[] = [];
  let running = false;

  async function run(): Promise<void> {
    running = true;
    while (waiting.length > 0) await answer(waiting.splice(0, itemsMax));
    running = false;
  }

  async function answer(callers: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await work(callers.map(({ item }) => item));
      for (const [index, caller] of callers.entries()) caller.resolve(results[index] as Result);
    } catch (error) {
      for (const caller of callers) caller.reject(error);
    }
  }

  return (item) =>
    new Promise<Result>((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (!running) void run();
    });
}
