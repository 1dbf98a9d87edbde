import { DatabaseUrlSetting } from '@app/config';
import { z } from 'zod';

/** Where a run finds its servers. */
export const simulationSettings = z.object({
  BENCH_DATABASE_URL: DatabaseUrlSetting,
  KAFKA_BROKERS: z.string().min(1),
  /** Before the names of databases and topics. */
  SIMULATION_PREFIX: z.string().default('simulation-'),
});

const whole = (least: number) => z.coerce.number().int().min(least);

/** What is asked for on the command line. */
export const Asked = z.object({
  steps: whole(1).default(10_000),
  seed: whole(0)
    .max(2 ** 32 - 1)
    .optional(),
  customers: whole(1).max(1_000).default(20),
  between: whole(1).default(1_000),
});
