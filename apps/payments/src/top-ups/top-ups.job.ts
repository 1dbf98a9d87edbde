import { log, metrics } from '@app/observability';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '../clock.ts';
import { DueWorkLoop } from '../due-work.ts';
import { AskProviderHandler } from './ask-provider.handler.ts';
import { TopUps } from './top-up.store.ts';

/** A taken order is taken again after this long, should its process die. */
const takenMs = 30_000;
const atOnce = 50;

const oldestUnknown = metrics.gauge({
  name: 'payments_top_up_oldest_unknown_seconds',
  help: 'Age of the oldest top-up of which nobody knows how it stands at the provider.',
});
const stuck = metrics.gauge({
  name: 'payments_top_ups_stuck',
  help: 'Top-ups whose time was over fifteen minutes ago, and of which the provider has not said how they ended.',
});
const questions = metrics.gauge({
  name: 'payments_top_up_questions_open',
  help: 'Payments that differ from their orders and credit nothing until two people decide.',
});

/** How often due work is looked for. */
export class LookRhythm {
  constructor(readonly intervalMs: number) {}
}

/** The net under notifications: asks the provider about orders that are unsure, unpaid for a while, or at their end. */
@Injectable()
export class TopUpsJob implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly loop: DueWorkLoop;

  constructor(topUps: TopUps, ask: AskProviderHandler, clock: Clock, rhythm: LookRhythm) {
    const take = async () => {
      const now = clock.now();
      const queue = await topUps.queue(now);
      oldestUnknown.set(Math.max(0, queue.oldestUnknownSeconds));
      stuck.set(queue.stuck);
      questions.set(queue.questions);
      return topUps.takeDue({ now, again: new Date(now.getTime() + takenMs), limit: atOnce });
    };
    const work = {
      name: 'top-ups',
      take,
      do: (topUpId: string) => ask.resolve(topUpId),
      onError: (error: unknown, topUpId?: string) => {
        log().error({ err: error, topUpId }, 'A top-up could not be looked at');
      },
    };
    this.loop = new DueWorkLoop(work, rhythm.intervalMs);
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.loop.stop();
  }
}
