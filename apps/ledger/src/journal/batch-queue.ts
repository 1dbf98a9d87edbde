/** What was handed in together, and must be answered together. */
interface Waiting<Item, Answer> {
  readonly items: readonly Item[];
  readonly resolve: (answers: readonly Answer[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Writes a batch and answers each of its items, in their order. A rejection counts for the whole batch. */
export type WriteBatch<Item, Answer> = (items: readonly Item[]) => Promise<readonly Answer[]>;

/**
 * Group commit: one batch is in flight, what gathers meanwhile is the next batch, and there is no timer.
 * So a lone item waits for nobody, and under load batches grow by themselves.
 */
export class BatchQueue<Item, Answer> {
  private waiting: Waiting<Item, Answer>[] = [];
  private running: Promise<void> | undefined;

  constructor(
    private readonly write: WriteBatch<Item, Answer>,
    private readonly itemsMax: number,
  ) {}

  /** Hands in items that are decided in this order, and gives their answers in the same order. */
  submit(items: readonly Item[]): Promise<readonly Answer[]> {
    if (items.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      this.waiting.push({ items, resolve, reject });
      this.running ??= this.run();
    });
  }

  /** Items that nobody has begun to write. */
  get depth(): number {
    return this.waiting.reduce((sum, { items }) => sum + items.length, 0);
  }

  /** Resolves when everything handed in so far is answered. */
  async drained(): Promise<void> {
    while (this.running) await this.running;
  }

  private async run(): Promise<void> {
    // What is handed in within the same turn of the event loop goes together.
    await Promise.resolve();
    while (this.waiting.length > 0) await this.writeOne(this.nextBatch());
    this.running = undefined;
  }

  private async writeOne(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await this.write(
        batch.length === 1 ? (batch[0]?.items ?? []) : batch.flatMap(({ items }) => items),
      );
      let from = 0;
      for (const { items, resolve } of batch) {
        resolve(answers.slice(from, from + items.length));
        from += items.length;
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  private nextBatch(): Waiting<Item, Answer>[] {
    let size = 0;
    let count = 0;
    for (const { items } of this.waiting) {
      if (count > 0 && size + items.length > this.itemsMax) break;
      size += items.length;
      count += 1;
    }
    return this.waiting.splice(0, count);
  }
}
