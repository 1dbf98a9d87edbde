import { DatabaseUrlSetting } from '@app/config';
import { z } from 'zod';

const count = (fallback: number) => z.coerce.number().int().min(10).max(10_000_000).default(fallback);

/** Where the servers are that this benchmark may fill, and how much it does. */
export const benchSettings = z.object({
  /** An empty database; payments is migrated into it. */
  BENCH_DATABASE_URL: DatabaseUrlSetting,
  KAFKA_BROKERS: z.string().min(1),
  KAFKA_TOPIC_PREFIX: z.string().default(''),
  /** Orders that are paid one after the other, and as many at once. */
  BENCH_PAYMENTS: count(2_000),
  /** Lines of the trade bill; the fund bill has two for each. */
  BENCH_BILL_LINES: count(1_000_000),
});
export type BenchSettings = z.infer<typeof benchSettings>;
