import { Injectable } from '@nestjs/common';
import { Journal, type Outcome, type PostRequest } from './journal.ts';
import { partitionOfBook } from './partition-of-book.ts';
import { Writer, type WriterTools } from './writer.store.ts';

/** The journal in PostgreSQL: one writer for each partition, so that a batch of one Kafka partition meets one writer. */
@Injectable()
export class JournalStore extends Journal {
  private readonly writers: readonly Writer[];

  constructor(tools: WriterTools, partitions: number) {
    super();
    const booksMax = Math.max(1, Math.floor(tools.booksMax / partitions));
    this.writers = Array.from({ length: partitions }, () => new Writer({ ...tools, booksMax }));
  }

  async post(requests: readonly PostRequest[]): Promise<readonly Outcome[]> {
    const shares = this.sharesOf(requests);
    const [only] = shares;
    if (only !== undefined && shares.size === 1) return this.writerOf(only[0]).post(requests);
    const outcomes = new Array<Outcome>(requests.length);
    await Promise.all(
      [...shares].map(async ([partition, indexes]) => {
        const share = indexes.flatMap((index) => requests[index] ?? []);
        const answers = await this.writerOf(partition).post(share);
        indexes.forEach((index, at) => {
          const answer = answers[at];
          if (answer) outcomes[index] = answer;
        });
      }),
    );
    return outcomes;
  }

  /** Requests that wait, for the metrics. */
  get depth(): number {
    return this.writers.reduce((sum, writer) => sum + writer.depth, 0);
  }

  /** Finishes what was handed in. */
  async close(): Promise<void> {
    await Promise.all(this.writers.map((writer) => writer.close()));
  }

  private sharesOf(requests: readonly PostRequest[]): ReadonlyMap<number, readonly number[]> {
    const shares = new Map<number, number[]>();
    requests.forEach(({ bookId }, index) => {
      const partition = partitionOfBook(bookId, this.writers.length);
      const share = shares.get(partition);
      if (share) share.push(index);
      else shares.set(partition, [index]);
    });
    return shares;
  }

  private writerOf(partition: number): Writer {
    const writer = this.writers[partition];
    if (writer === undefined) throw new RangeError(`there is no writer ${partition}`);
    return writer;
  }
}
