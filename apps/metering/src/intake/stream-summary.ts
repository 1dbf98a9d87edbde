import type { MeteringApi } from '@app/contracts';
import type { ItemResult } from './record-usage.handler.ts';
import { wireFieldOf } from './usage-message.ts';

const errorsMax = 100;

/** What became of the items of a stream: counts, and the first refused items. */
export class StreamSummary {
  private received = 0;
  private readonly counts = { recorded: 0, duplicate: 0, refused: 0 };
  private readonly errors: MeteringApi.ItemError[] = [];

  add(items: readonly MeteringApi.UsageItem[], results: readonly ItemResult[]): void {
    for (const [position, result] of results.entries()) {
      this.counts[result.outcome] += 1;
      if (result.outcome === 'refused' && this.errors.length < errorsMax) {
        const { code, field, reason } = result.problem;
        const index = (this.received + position).toString();
        this.errors.push({ index, id: items[position]?.id ?? '', code, field: wireFieldOf(field), reason });
      }
    }
    this.received += results.length;
  }

  message(): MeteringApi.RecordUsageSummary {
    return {
      received: this.received.toString(),
      recorded: this.counts.recorded.toString(),
      duplicates: this.counts.duplicate.toString(),
      refused: this.counts.refused.toString(),
      errors: this.errors,
    };
  }
}
