import { DatabaseUrlSetting } from '@app/config';
import { z } from 'zod';

const count = (fallback: number) => z.coerce.number().int().min(100).max(100_000_000).default(fallback);

/** Where the servers are that this benchmark may fill, and how much it does. */
export const benchSettings = z.object({
  /** An empty database; the ledger is migrated into it. */
  BENCH_DATABASE_URL: DatabaseUrlSetting,
  KAFKA_BROKERS: z.string().min(1),
  KAFKA_TOPIC_PREFIX: z.string().default(''),
  /** Whose CPU is counted as that of PostgreSQL. */
  BENCH_POSTGRES_PID: z.coerce.number().int().positive(),
  /** Charges that one measurement is made of, after half as many to warm up. */
  BENCH_CHARGES: count(60_000),
  /** Customers among whom they are spread. */
  BENCH_CUSTOMERS: count(1_000),
  /** How many entries the journal grows to. */
  BENCH_ENTRIES: count(1_000_000),
  /** How long holds are placed in each way, in seconds, after half as long to warm up. */
  BENCH_HOLD_SECONDS: z.coerce.number().int().min(1).max(600).default(8),
  /** A folder for profiles of the ledger's CPU. */
  BENCH_PROFILES: z.string().min(1).optional(),
});
export type BenchSettings = z.infer<typeof benchSettings>;
