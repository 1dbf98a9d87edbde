import {
  DatabaseUrlSetting,
  HostPortSetting,
  kafkaSettings,
  logSettings,
  oidcSettings,
  PortSetting,
} from '@app/config';
import { z } from 'zod';

const seconds = (fallback: number) => z.coerce.number().int().min(1).max(31_536_000).default(fallback);

/** What the ledger needs from its environment. */
export const ledgerSettings = z.object({
  ...kafkaSettings,
  ...oidcSettings,
  ...logSettings,
  LEDGER_HTTP_PORT: PortSetting.default(3002),
  LEDGER_GRPC_URL: HostPortSetting.default('0.0.0.0:50052'),
  LEDGER_DATABASE_URL: DatabaseUrlSetting,
  /** The owner role's address, for migrations. Without it the service's own role migrates. */
  LEDGER_MIGRATION_DATABASE_URL: DatabaseUrlSetting.optional(),
  /** A PEM file with the Ed25519 private key that signs the seals of days. */
  SEAL_KEY_FILE: z.string().min(1),
  /** A PEM file with the public keys that signed seals before. */
  SEAL_EARLIER_KEYS_FILE: z.string().min(1).optional(),
  /** The folder, outside the database, in which seals are published. */
  SEALS_DIR: z.string().min(1),
  /** How long a renewed lease keeps a gateway's holds. */
  LEASE_SECONDS: seconds(30),
  /** A hold whose gateway was not heard of for so long expires, unless its call has finished. */
  HOLD_EXPIRY_SECONDS: seconds(90),
  /** How long a charge without a hold waits for money before it is recorded as uncollected. */
  CHARGE_WAIT_SECONDS: seconds(86_400),
  /** A hold whose call finished and was never rated is released after so long, in the customer's favour. */
  HOLD_QUARANTINE_SECONDS: seconds(259_200),
  /** How long a close-out waits for its customer's holds to end; afterwards it is refused. No call lasts longer. */
  REFUND_DRAIN_SECONDS: seconds(3_600),
  /** How often holds and waiting charges are looked through. */
  SWEEP_SECONDS: seconds(5),
  /** Books kept in memory by the writer. */
  BOOKS_KEPT_MAX: z.coerce.number().int().min(100).max(10_000_000).default(50_000),
});
export type LedgerSettings = z.infer<typeof ledgerSettings>;
