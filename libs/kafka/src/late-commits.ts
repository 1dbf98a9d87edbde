import { log } from '@app/observability';
import type { Consumer } from 'kafkajs';

const commitEveryMs = 1_000;

/**
 * Where a reader goes on after the end of its process, told to the broker once a second for all its partitions: a commit costs the
 * broker as much as a batch does. What was not told yet is read again, and changes nothing a second time.
 */
export class LateCommits {
  private readonly offsets = new Map<number, string>();
  private timer: NodeJS.Timeout | undefined;
  private telling: Promise<void> | undefined;

  constructor(
    private readonly consumer: Consumer,
    private readonly topic: string,
  ) {
    // Partitions may be another reader's from here on, who is further already.
    consumer.on(consumer.events.GROUP_JOIN, () => {
      this.offsets.clear();
    });
  }

  start(): void {
    this.timer = setInterval(() => void this.tell(), commitEveryMs);
  }

  /** The effect of everything before this offset is committed. */
  note(partition: number, next: string): void {
    this.offsets.set(partition, next);
  }

  /** Tells the last of it. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.telling;
    await this.tell();
  }

  private async tell(): Promise<void> {
    if (this.offsets.size === 0 || this.telling !== undefined) return;
    const offsets = [...this.offsets].map(([partition, offset]) => ({
      topic: this.topic,
      partition,
      offset,
    }));
    this.offsets.clear();
    this.telling = this.consumer.commitOffsets(offsets).catch((error: unknown) => {
      log().debug({ err: error, topic: this.topic }, 'The place of a reader was not told to the broker');
      for (const { partition, offset } of offsets)
        if (!this.offsets.has(partition)) this.offsets.set(partition, offset);
    });
    await this.telling;
    this.telling = undefined;
  }
}
