import { eventually } from '@app/testing';
import { describe, expect, it } from '@jest/globals';
import { metrics } from './metrics.ts';
import { RepeatedJob } from './repeated-job.ts';

class Job extends RepeatedJob {
  rounds = 0;
  atOnce = 0;
  atOnceMax = 0;

  constructor(
    private readonly work: (ending: AbortSignal) => Promise<void>,
    isFirstAtStart = true,
  ) {
    super({ everyMs: 5, isFirstAtStart, failure: 'It failed' });
  }

  protected async round(ending: AbortSignal): Promise<void> {
    this.rounds += 1;
    this.atOnce += 1;
    this.atOnceMax = Math.max(this.atOnceMax, this.atOnce);
    await this.work(ending).finally(() => (this.atOnce -= 1));
  }
}

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const failures = async (): Promise<number> =>
  Number(/^haoli_job_rounds_failed_total\{job="Job"\} (\d+)$/m.exec(await metrics.text())?.[1] ?? 0);

describe('a repeated job', () => {
  it('never begins a round while one is under way', async () => {
    const job = new Job(() => after(20));
    job.onApplicationBootstrap();
    await eventually(() => job.rounds > 1);
    await job.beforeApplicationShutdown();
    expect(job.atOnceMax).toBe(1);
  });

  it('goes on after a round that failed, which is counted', async () => {
    const before = await failures();
    const job = new Job(() => Promise.reject(new Error('the database is down')));
    job.onApplicationBootstrap();
    await eventually(() => job.rounds > 1);
    await job.beforeApplicationShutdown();
    expect((await failures()) - before).toBe(job.rounds);
  });

  it('tells the round under way that the process ends, waits for it and begins no other', async () => {
    const job = new Job(
      (ending) =>
        new Promise((_, reject) => {
          ending.addEventListener('abort', () => {
            reject(new Error('ended'));
          });
        }),
    );
    const before = await failures();
    job.onApplicationBootstrap();
    await job.beforeApplicationShutdown();
    await after(20);
    expect([job.rounds, job.atOnce, (await failures()) - before]).toEqual([1, 0, 0]);
  });

  it('waits before its first round where it is not told to begin at the start', async () => {
    const job = new Job(() => Promise.resolve(), false);
    job.onApplicationBootstrap();
    expect(job.rounds).toBe(0);
    await eventually(() => job.rounds > 0);
    await job.beforeApplicationShutdown();
  });
});
