import { Injectable } from '@nestjs/common';
import { DailyMovementStore } from './daily-movement.store.ts';

/** Sums the days that are sealed and not summed yet. What was missed, or thrown away, is caught up. */
@Injectable()
export class SumDaysHandler {
  constructor(private readonly movements: DailyMovementStore) {}

  /** Gives the days that it summed. Gives up where it is told to end. */
  async handle(signal: AbortSignal = new AbortController().signal): Promise<readonly string[]> {
    const days = await this.movements.dueDays();
    for (const [index, day] of days.entries()) {
      if (signal.aborted) return days.slice(0, index);
      await this.movements.sum(day);
    }
    return days;
  }
}
