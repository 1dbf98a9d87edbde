/** What was handed in together, and must be answered together. */
interface Waiting<Item, Answer> {
  readonly items: readonly Item[];
  readonly resolve: (answers: readonly Answer[]) => void;
  readonly reject: (error: unknown) => void;
}

/** How a batch is written, in two steps: the first may overlap with the batch before. */
export interface BatchWork<Item, Prepared, Answer> {
  /** Gets a batch ready, perhaps while the one before is still being written: that one may yet fail. */
  prepare(items: readonly Item[]): Promise<Prepared>;
  /** Writes it when the one before has ended, and answers each item in its order. A rejection counts for the whole batch. */
  write(items: readonly Item[], prepared: Prepared): Promise<readonly Answer[]>;
}

/** How large batches are, in items. */
export interface BatchSizes {
  /** What comes together is split into batches of this size at most. */
  readonly most: number;
  /** When so many have gathered, the next batch is got ready while one is being written; fewer wait and gather on. */
  readonly early: number;
}

/**
 * Group commit: one batch is being written, what gathers meanwhile is the next batch, and there is no timer.
 * So a lone item waits for nobody, and under load batches grow by themselves.
 */
export class BatchQueue<Item, Prepared, Answer> {
  private waiting: Waiting<Item, Answer>[] = [];
  private running: Promise<void> | undefined;
  private underWay: Promise<void> | undefined;
  private enough: () => void = () => undefined;

  constructor(
    private readonly work: BatchWork<Item, Prepared, Answer>,
    private readonly sizes: BatchSizes,
  ) {}

  /** Items that nobody has begun to write. */
  depth = 0;

  /** Hands in items that are decided in this order, and gives their answers in the same order. */
  async submit(items: readonly Item[]): Promise<readonly Answer[]> {
    if (items.length === 0) return [];
    if (items.length <= this.sizes.most) return this.enqueue(items);
    const parts: Promise<readonly Answer[]>[] = [];
    for (let from = 0; from < items.length; from += this.sizes.most)
      parts.push(this.enqueue(items.slice(from, from + this.sizes.most)));
    return (await Promise.all(parts)).flat();
  }

  /** Resolves when everything handed in so far is answered. */
  async drained(): Promise<void> {
    while (this.running) await this.running;
  }

  private enqueue(items: readonly Item[]): Promise<readonly Answer[]> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ items, resolve, reject });
      this.depth += items.length;
      this.running ??= this.run();
      if (this.depth >= this.sizes.early) this.enough();
    });
  }

  private async run(): Promise<void> {
    // What is handed in within the same turn of the event loop goes together.
    await Promise.resolve();
    for (;;) {
      if (this.underWay && this.depth < this.sizes.early) await this.endedOrEnough(this.underWay);
      else if (this.depth > 0) await this.begin(this.nextBatch());
      else break;
    }
    this.running = undefined;
  }

  private endedOrEnough(ended: Promise<void>): Promise<void> {
    return Promise.race([ended, new Promise<void>((resolve) => (this.enough = resolve))]);
  }

  /** Gets a batch ready and begins to write it, once the one before has ended. */
  private async begin(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    const items = batch.length === 1 ? (batch[0]?.items ?? []) : batch.flatMap((one) => one.items);
    const [prepared] = await Promise.allSettled([this.work.prepare(items), this.underWay]);
    const written = this.answer(batch, () =>
      prepared.status === 'rejected'
        ? Promise.reject(prepared.reason as Error)
        : this.work.write(items, prepared.value),
    );
    this.underWay = written.then(() => (this.underWay = undefined));
  }

  private async answer(
    batch: readonly Waiting<Item, Answer>[],
    write: () => Promise<readonly Answer[]>,
  ): Promise<void> {
    try {
      const answers = await write();
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
      if (count > 0 && size + items.length > this.sizes.most) break;
      size += items.length;
      count += 1;
    }
    this.depth -= size;
    return this.waiting.splice(0, count);
  }
}
