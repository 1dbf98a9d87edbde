import {
  DatabaseUrlSetting,
  HostPortSetting,
  kafkaSettings,
  logSettings,
  oidcSettings,
  PortSetting,
} from '@app/config';
import { Code } from '@app/contracts';
import { z } from 'zod';

/** What metering needs from its environment. */
export const meteringSettings = z.object({
  ...kafkaSettings,
  ...oidcSettings,
  ...logSettings,
  METERING_HTTP_PORT: PortSetting.default(3001),
  METERING_GRPC_URL: HostPortSetting.default('127.0.0.1:50051'),
  METERING_DATABASE_URL: DatabaseUrlSetting,
  /** The owner role's address, for migrations. Without it the service's own role migrates. */
  METERING_MIGRATION_DATABASE_URL: DatabaseUrlSetting.optional(),
  /** Whether the example rate cards `standard` and `hk` are published at start where they are missing. */
  METERING_READY_MADE_PRICES: z.enum(['on', 'off']).default('on'),
  /** The rate cards that everyone may read; the others are between us and the customers who have them. */
  METERING_PUBLIC_RATE_CARDS: z
    .string()
    .default('standard,hk')
    .transform((names) => names.split(',').map((name) => name.trim()))
    .pipe(z.array(Code)),
  /** How long before it takes effect a change of a price in use must be announced: every gateway knows it by then. */
  METERING_PRICE_LEAD_SECONDS: z.coerce.number().int().min(1).max(31_536_000).default(60),
  /** By how much one person may change a model's revenue of the last seven days; beyond it a second person approves. */
  METERING_PRICE_CHANGE_PERCENT_MAX: z.coerce.number().min(0).max(1_000_000).default(20),
  /** How often calls past their deadline, and quarantined ones past theirs, are looked for. */
  METERING_ABANDONED_INTERVAL_MS: z.coerce.number().int().min(100).max(3_600_000).default(10_000),
  /** How long a quarantined call may wait for a person before `metering_quarantined_calls{age="old"}` says so. */
  METERING_QUARANTINE_ALERT_SECONDS: z.coerce.number().int().min(1).default(86_400),
  /** How long it may keep its hold; then it is closed in the customer's favour. */
  METERING_QUARANTINE_RELEASE_SECONDS: z.coerce.number().int().min(1).default(259_200),
});
export type MeteringSettings = z.infer<typeof meteringSettings>;

/** Nest's name for the settings. */
export const meteringSettingsToken = Symbol('metering-settings');
