import { z } from 'zod';

/** A TCP port; 0 lets the system choose. */
export const PortSetting = z.coerce.number().int().min(0).max(65_535);

/** An address of the form `host:port`, as gRPC takes it. */
export const HostPortSetting = z.string().regex(/^[^\s:/]+:\d{1,5}$/, 'must be host:port');

/** The address of a PostgreSQL database. */
export const DatabaseUrlSetting = z
  .string()
  .regex(/^postgres(?:ql)?:\/\/\S+$/, 'must be a postgres:// address with a database name');

/** The address of an HTTP service, without a trailing slash. */
export const HttpUrlSetting = z
  .string()
  .regex(/^https?:\/\/\S+$/, 'must be an http:// or https:// address')
  .transform((url) => url.replace(/\/+$/, ''));

/** Settings of every process that speaks to Kafka; spread them into the schema of an app. */
export const kafkaSettings = {
  KAFKA_BROKERS: z
    .string()
    .transform((list) => list.split(',').map((broker) => broker.trim()))
    .refine(
      (list) => list.every((broker) => /^[^\s:/]+:\d{1,5}$/.test(broker)),
      'must be a comma list of host:port',
    ),
  /** Put before every topic and group name, so that tests can share a broker. */
  KAFKA_TOPIC_PREFIX: z.string().max(60).default(''),
  /** Partitions of a topic when it is created. Never change it later: the order of a customer's events depends on it. */
  KAFKA_PARTITIONS: z.coerce.number().int().min(1).max(1024).default(12),
  /** Copies of each partition when a topic is created; 3 in production, and two of them must then have each record. */
  KAFKA_REPLICAS: z.coerce.number().int().min(1).max(9).default(1),
};

/** Settings of every process that checks tokens or asks for its own. */
export const oidcSettings = {
  OIDC_ISSUER: HttpUrlSetting,
  SERVICE_CLIENT_ID: z.string().min(1),
  SERVICE_CLIENT_SECRET: z.string().min(1),
};

/** Settings of the log. */
export const logSettings = {
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
};
