/** Work that becomes due by itself: taken by one process at a time, done a few at once. */
export interface DueWork {
  readonly name: string;
  /** Takes what is due, so that nobody else does for a while. */
  take(): Promise<readonly string[]>;
  /** Does one piece; it becomes due again where this throws. */
  do(id: string): Promise<void>;
  readonly onError: (error: unknown, id?: string) => void;
}

const atOnceMax = 8;

/** Looks for due work in a rhythm, and at once when woken. Never runs twice at the same time in one process. */
export class DueWorkLoop {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private wanted = false;
  private stopped = false;

  constructor(
    private readonly work: DueWork,
    private readonly intervalMs: number,
  ) {}

  start(): void {
    this.timer = setInterval(() => {
      this.wake();
    }, this.intervalMs);
  }

  wake(): void {
    if (this.stopped) return;
    this.wanted = true;
    this.running ??= this.run().finally(() => {
      this.running = undefined;
    });
  }

  /** Ends the rhythm and waits for what is under way. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.stopped = true;
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.wanted && !this.stopped) {
      this.wanted = false;
      try {
        const ids = await this.work.take();
        if (ids.length > 0) this.wanted = true;
        for (let index = 0; index < ids.length; index += atOnceMax) {
          await Promise.all(ids.slice(index, index + atOnceMax).map((id) => this.one(id)));
        }
      } catch (error) {
        this.work.onError(error);
      }
    }
  }

  private async one(id: string): Promise<void> {
    try {
      await this.work.do(id);
    } catch (error) {
      this.work.onError(error, id);
    }
  }
}
