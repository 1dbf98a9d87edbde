interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers what comes while one batch is under way, and works it off as the next: one statement in flight, no timer.
 * `work` gives one answer for each item, in order.
 */
export class OneAtATime<Item, Answer> {
  private waiting: Waiting<Item, Answer>[] = [];
  private isBusy = false;
  private workedOff = Promise.resolve();

  constructor(
    private readonly work: (items: readonly Item[]) => Promise<readonly Answer[]>,
    private readonly itemsMax: number,
  ) {}

  /** The answer to one item. Rejects where its batch failed. */
  ask(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      if (!this.isBusy) this.workedOff = this.workOff();
    });
  }

  /** Resolves once nothing is waiting or under way. Never rejects. */
  idle(): Promise<void> {
    return this.workedOff;
  }

  private async workOff(): Promise<void> {
    this.isBusy = true;
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, this.itemsMax);
      try {
        const answers = await this.work(batch.map(({ item }) => item));
        batch.forEach(({ resolve }, at) => {
          resolve(answers[at] as Answer);
        });
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.isBusy = false;
  }
}
