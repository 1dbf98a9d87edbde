import { z } from 'zod';
import { InstantText, Id } from './text.ts';

/** What every event carries beside its data: CloudEvents attributes in Kafka's binary mode. */
export interface Event<Type extends string = string, Data = unknown> {
  /** Unique for ever within its topic; deterministic where it follows from a business fact. */
  readonly id: string;
  readonly type: Type;
  /** The service that made it, such as `haoli/metering`. */
  readonly source: string;
  /** When it happened, in UTC. */
  readonly time: string;
  /** The customer id, or the platform book's id where there is no customer. */
  readonly subject: string;
  readonly data: Data;
  /** W3C trace context, carried from the request that caused the event. */
  readonly traceparent?: string;
}

/** The declaration of one event: its name, its schema, and a sample that must parse for ever. */
export interface EventDeclaration<Type extends string = string, Schema extends z.ZodObject = z.ZodObject> {
  readonly type: Type;
  /** The CloudEvents type, with the major version: `haoli.UsageRated.v1`. */
  readonly cloudType: string;
  /** What the event tells, in one sentence, for the generated documents. */
  readonly meaning: string;
  readonly schema: Schema;
  readonly sample: Event<Type, z.infer<Schema>>;
  /**
   * True only for data that the schema accepts as they are, and quick to say so; the schema is asked about all other. For the
   * event that comes with every call.
   */
  readonly isPlain?: (data: unknown) => boolean;
}

/** The event that a declaration declares. */
export type EventOf<Declaration> =
  Declaration extends EventDeclaration<infer Type, infer Schema> ? Event<Type, z.infer<Schema>> : never;

/** Declares an event once; HTTP, Kafka, types, JSON Schema and AsyncAPI all follow from it. */
export function defineEvent<const Type extends string, Schema extends z.ZodObject>(declaration: {
  readonly type: Type;
  readonly meaning: string;
  readonly schema: Schema;
  readonly sample: Omit<Event<Type, z.infer<Schema>>, 'type'>;
  readonly isPlain?: (data: unknown) => boolean;
}): EventDeclaration<Type, Schema> {
  const { type, sample, ...rest } = declaration;
  return { ...rest, type, cloudType: `haoli.${type}.v1`, sample: { type, ...sample } };
}

/** The attributes of an event as Kafka headers give them. */
export const EventAttributes = z.object({
  ce_specversion: z.literal('1.0'),
  ce_id: Id,
  ce_type: z.string().max(128),
  ce_source: z.string().max(128),
  ce_time: InstantText,
  ce_subject: Id,
  traceparent: z.string().max(128).optional(),
});
