import { log, metrics } from '@app/observability';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { OpenLines } from '../bank/open-line.store.ts';
import { Suspenses } from '../bank/suspense.store.ts';
import { Clock } from '../clock.ts';
import { DueWorkLoop } from '../due-work.ts';
import { PayBackHandler } from './pay-back.handler.ts';
import { PayBacks } from './pay-back.store.ts';
import { LookRhythm } from './top-ups.job.ts';

/** Taken again after this long, should its process die. */
const takenMs = 30_000;
const atOnce = 20;

const suspended = metrics.gauge({
  name: 'payments_suspense_open',
  help: 'Payments and transfers of which nobody has said whose they are.',
});
const oldestSuspended = metrics.gauge({
  name: 'payments_suspense_oldest_seconds',
  help: 'Age of the oldest money in suspense.',
});

const unexplained = metrics.gauge({
  name: 'payments_bank_lines_unexplained',
  help: 'Movements on our bank accounts that wait for two people, by what is known of them.',
  labels: ['reason'],
});
const oldestUnexplained = metrics.gauge({
  name: 'payments_bank_lines_oldest_seconds',
  help: 'How long ago the statement with the oldest of them was taken in.',
  labels: ['reason'],
});

/** Sends payments back that two people decided to, and asks what became of them. */
@Injectable()
export class PayBacksJob implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly loop: DueWorkLoop;

  constructor(
    payBacks: PayBacks,
    suspenses: Suspenses,
    lines: OpenLines,
    handler: PayBackHandler,
    clock: Clock,
    rhythm: LookRhythm,
  ) {
    const take = async () => {
      const now = clock.now();
      await tellWaiting(suspenses, lines, now);
      return payBacks.takeDue({ now, again: new Date(now.getTime() + takenMs), limit: atOnce });
    };
    const onError = (error: unknown, number?: string) => {
      log().error({ err: error, number }, 'A payment could not be sent back');
    };
    const work = { name: 'pay-backs', take, do: (number: string) => handler.handle(number), onError };
    this.loop = new DueWorkLoop(work, rhythm.intervalMs);
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.loop.stop();
  }
}

/** What of our bank accounts waits for people. */
async function tellWaiting(suspenses: Suspenses, lines: OpenLines, now: Date): Promise<void> {
  const { count, oldestSeconds } = await suspenses.queue(now);
  suspended.set(count);
  oldestSuspended.set(oldestSeconds);
  const rows = await lines.unexplained(now);
  unexplained.reset();
  oldestUnexplained.reset();
  for (const { reason, count: waiting, oldestSeconds: age } of rows) {
    unexplained.set({ reason }, waiting);
    oldestUnexplained.set({ reason }, age);
  }
}
