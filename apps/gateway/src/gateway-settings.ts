import {
  DatabaseUrlSetting,
  HostPortSetting,
  HttpUrlSetting,
  kafkaSettings,
  logSettings,
  oidcSettings,
  PortSetting,
} from '@app/config';
import { z } from 'zod';

const milliseconds = (fallback: number) => z.coerce.number().int().min(1).max(86_400_000).default(fallback);

/** What the gateway needs from its environment. */
export const gatewaySettings = z.object({
  ...kafkaSettings,
  ...oidcSettings,
  ...logSettings,
  GATEWAY_HTTP_PORT: PortSetting.default(3000),
  GATEWAY_DATABASE_URL: DatabaseUrlSetting,
  /** The owner role's address, for migrations. Without it the service's own role migrates. */
  GATEWAY_MIGRATION_DATABASE_URL: DatabaseUrlSetting.optional(),
  /**
   * The secret under which API keys are hashed, and from which those of webhooks follow. Who has the database but not this can
   * neither test a guessed key nor sign an event.
   */
  API_KEY_PEPPER: z.string().min(32, 'must have at least 32 characters'),
  /** Proxies in front of the gateway, as a comma list of addresses and ranges. Only their X-Forwarded-For is believed. */
  TRUSTED_PROXIES: z
    .string()
    .default('')
    .transform((list) => list.split(',').flatMap((entry) => (entry.trim() === '' ? [] : [entry.trim()]))),
  /** So many keys that fail in a minute are looked up for one address. */
  FAILED_KEYS_PER_MINUTE: z.coerce.number().int().min(1).default(20),
  LEDGER_GRPC_URL: HostPortSetting,
  METERING_GRPC_URL: HostPortSetting,
  PAYMENTS_GRPC_URL: HostPortSetting,
  /** Where /api/ledger, /api/metering and /api/payments are forwarded to. */
  LEDGER_HTTP_URL: HttpUrlSetting,
  METERING_HTTP_URL: HttpUrlSetting,
  PAYMENTS_HTTP_URL: HttpUrlSetting,
  /** The model provider's OpenAI-compatible base address, with `/v1`. Only the operator sets it; no request can. */
  UPSTREAM_BASE_URL: HttpUrlSetting.optional(),
  UPSTREAM_API_KEY: z.string().min(1).optional(),
  /** A file of several providers and of which models each serves, instead of the two above. See docs/guides/upstreams.md. */
  UPSTREAMS_FILE: z.string().min(1).optional(),
  /** The keys of those providers as a JSON object by their code, where they are not in files of their own. */
  UPSTREAM_KEYS: z.string().optional(),
  /** The longest a provider may take to answer with headers, and to send the next bytes. */
  UPSTREAM_HEADERS_TIMEOUT_MS: milliseconds(120_000),
  UPSTREAM_BODY_TIMEOUT_MS: milliseconds(120_000),
  /** What was delivered before a provider failed or fell silent is not charged. Who leaves by himself pays all the same. */
  WAIVE_ON_UPSTREAM_ERROR: z.stringbool().default(false),
  /** A call without an end by then is closed uncharged. */
  CALL_DEADLINE_MS: milliseconds(1_800_000),
  /** A hold whose gateway was not heard of for so long expires. */
  HOLD_EXPIRY_MS: milliseconds(90_000),
  /**
   * Streams of these models are held for in slices of so many output tokens, and the hold grows with what is delivered.
   * Only models that do not think in secret belong here: of others nobody sees how far they are.
   */
  HOLD_SLICE_MODELS: z.string().default('^(?:gpt-3\\.5|gpt-4|chatgpt-4o|claude-3)'),
  HOLD_SLICE_TOKENS: z.coerce.number().int().min(16).default(16_384),
  /** How often providers are asked how far ordered pictures are. */
  IMAGE_TASK_POLL_MS: milliseconds(2_000),
  /** So many calls one process relays at once; further ones are answered with 503 and `retry-after`. */
  CALLS_AT_ONCE_MAX: z.coerce.number().int().min(1).max(100_000).default(2_000),
  /** How much memory whole answers may take together while they arrive. */
  BUFFERED_ANSWERS_MIB: z.coerce.number().int().min(33).default(512),
  /** A folder of its own for this gateway where ends of calls wait for Kafka; without it they wait in memory only. */
  CALL_SPOOL_DIR: z.string().min(1).optional(),
  /** How often the lease of this gateway's holds is renewed. */
  LEASE_RENEWAL_MS: milliseconds(10_000),
  /**
   * Whether this process reads the journal and sends webhooks. Where relays are many, one deployment may do it for all, so that
   * entries are not read beside calls.
   */
  WEBHOOKS_SENT_HERE: z.stringbool().default(true),
  /** Whether webhooks may go to our own machines and without TLS. For development only. */
  WEBHOOKS_TO_PRIVATE_ADDRESSES: z.stringbool().default(false),
  /** The longest an attempt to send a webhook may take. */
  WEBHOOK_TIMEOUT_MS: milliseconds(15_000),
  /** The longest a call waits for Kafka before it is refused, or, when it has ended, before its answer goes out anyway. */
  CALL_EVENT_TIMEOUT_MS: milliseconds(5_000),
});
export type GatewaySettings = z.infer<typeof gatewaySettings>;
