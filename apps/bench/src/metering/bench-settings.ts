import { DatabaseUrlSetting } from '@app/config';
import { z } from 'zod';

const count = (fallback: number) => z.coerce.number().int().min(100).max(100_000_000).default(fallback);

/** Where the servers are that this benchmark may fill, and how much it does. */
export const benchSettings = z.object({
  /** An empty database; metering is migrated into it. */
  BENCH_DATABASE_URL: DatabaseUrlSetting,
  KAFKA_BROKERS: z.string().min(1),
  KAFKA_TOPIC_PREFIX: z.string().default(''),
  /** Whose CPU is counted as that of PostgreSQL. */
  BENCH_POSTGRES_PID: z.coerce.number().int().positive(),
  /** Calls that are rated, after half as many to warm up. */
  BENCH_RATED: count(40_000),
  /** Customers among whom they are spread. */
  BENCH_CUSTOMERS: count(100),
  /** Calls of one customer, over 90 days, in which is read. */
  BENCH_CALLS: count(10_000_000),
});
export type BenchSettings = z.infer<typeof benchSettings>;
