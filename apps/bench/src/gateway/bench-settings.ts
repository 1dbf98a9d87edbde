import { DatabaseUrlSetting } from '@app/config';
import { z } from 'zod';

const count = (fallback: number, max = 100_000) => z.coerce.number().int().min(1).max(max).default(fallback);

/** Where the servers are that this benchmark may fill, and how much it does. */
export const benchSettings = z.object({
  /** A database of the server in which one is made for each service. */
  BENCH_DATABASE_URL: DatabaseUrlSetting,
  KAFKA_BROKERS: z.string().min(1),
  /** Whose CPU is counted as that of PostgreSQL and of Kafka. */
  BENCH_POSTGRES_PID: z.coerce.number().int().positive(),
  BENCH_KAFKA_PID: z.coerce.number().int().positive(),
  /** Customers, with a key each, among whom calls are spread. */
  BENCH_CUSTOMERS: count(32),
  /** How long each figure is measured, after half as long to warm up. */
  BENCH_SECONDS: count(10),
  /** Paced streams at the same time, and for how long they go on. */
  BENCH_STREAMS: count(500, 10_000),
  BENCH_STREAM_SECONDS: count(20),
  /** A folder for a CPU profile of each process. */
  BENCH_PROFILES: z.string().min(1).optional(),
});
export type BenchSettings = z.infer<typeof benchSettings>;
