import type { z } from 'zod';
import { EventAttributes, type Event, type EventDeclaration } from './event.ts';
import { idPattern, instantPattern } from './text.ts';
import { topicNamed, topics } from './topics.ts';

/** An event as Kafka carries it: CloudEvents 1.0 in binary mode. */
export interface WireEvent {
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string;
}

/** A message that is not one of the topic's events, with the reason to show to the person who will look at it. */
export interface RejectedMessage {
  readonly rejected: string;
}

/**
 * Writes an event in Kafka's binary mode, checked against its schema first.
 * Throws where the event does not fit the topic: that is a bug in the producer and must not reach the broker.
 */
export function encodeEvent(topicName: string, event: Event, key = event.subject): WireEvent {
  const declaration = topicNamed(topicName)?.events.find((candidate) => candidate.type === event.type);
  if (!declaration) throw new TypeError(`${event.type} is not an event of ${topicName}`);
  const data = declaration.isPlain?.(event.data) === true ? event.data : declaration.schema.parse(event.data);
  const wire = wireOf(declaration, { ...event, data }, key);
  if (!arePlainAttributes(wire.headers)) EventAttributes.parse(wire.headers);
  return wire;
}

/** Writes an event as it is given. For facts that were checked when they were recorded, and cannot be refused any more. */
export function wireOf(
  { cloudType }: Pick<EventDeclaration, 'cloudType'>,
  { id, source, time, subject, data, traceparent }: Omit<Event, 'type'>,
  key = subject,
): WireEvent {
  const headers: Record<string, string> = {
    ce_specversion: '1.0',
    ce_id: id,
    ce_type: cloudType,
    ce_source: source,
    ce_time: time,
    ce_subject: subject,
    'content-type': 'application/json',
  };
  if (traceparent !== undefined) headers['traceparent'] = traceparent;
  return { key, headers, value: JSON.stringify(data) };
}

/** Reads a message of a topic; what is not one of its events comes back with the reason, never as an exception. */
export function parseEvent(
  topicName: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Event | RejectedMessage {
  const attributes = attributesOf(headers);
  if ('rejected' in attributes) return attributes;
  const { ce_id: id, ce_type: cloudType, ce_source: source, ce_time: time, ce_subject: subject } = attributes;
  const declaration = declarationOf(topicName, cloudType);
  if (!declaration) return { rejected: `type ${cloudType} is not an event of ${topicName}` };
  const json = parseJson(body);
  if ('rejected' in json) return json;
  const data = dataOf(declaration, json.value);
  if ('rejected' in data) return data;
  const event = { id, type: declaration.type, source, time, subject, data: data.value };
  return attributes.traceparent === undefined ? event : { ...event, traceparent: attributes.traceparent };
}

type Attributes = z.infer<typeof EventAttributes>;

/** Headers that need no second look are not copied. */
function attributesOf(headers: Readonly<Record<string, string>>): Attributes | RejectedMessage {
  if (arePlainAttributes(headers)) return headers;
  const attributes = EventAttributes.safeParse(headers);
  return attributes.success ? attributes.data : { rejected: `headers: ${reasonOf(attributes.error)}` };
}

/** True only for headers that the schema accepts; it is asked about all others. */
function arePlainAttributes(
  headers: Readonly<Record<string, string>>,
): headers is Readonly<Record<string, string>> & Attributes {
  return (
    headers['ce_specversion'] === '1.0' &&
    fits(headers['ce_id'], idPattern) &&
    fits(headers['ce_subject'], idPattern) &&
    fits(headers['ce_time'], instantPattern) &&
    isShort(headers['ce_type']) &&
    isShort(headers['ce_source']) &&
    (headers['traceparent'] === undefined || isShort(headers['traceparent']))
  );
}

const fits = (text: string | undefined, pattern: RegExp): boolean => text !== undefined && pattern.test(text);

const isShort = (text: string | undefined): boolean => text !== undefined && text.length <= 128;

function dataOf(
  declaration: EventDeclaration,
  value: unknown,
): { readonly value: unknown } | RejectedMessage {
  if (declaration.isPlain?.(value) === true) return { value };
  const data = declaration.schema.safeParse(value);
  return data.success ? { value: data.data } : { rejected: `data: ${reasonOf(data.error)}` };
}

const declarations: ReadonlyMap<string, EventDeclaration> = new Map(
  Object.values(topics).flatMap(({ name, events }) =>
    events.map((declaration: EventDeclaration) => [`${name} ${declaration.cloudType}`, declaration] as const),
  ),
);

const declarationOf = (topicName: string, cloudType: string): EventDeclaration | undefined =>
  declarations.get(`${topicName} ${cloudType}`);

/** JSON with sorted keys and no spaces: equal data give equal text, whatever order they were written in. */
export function canonicalText(data: unknown): string {
  if (Array.isArray(data)) return `[${data.map(canonicalText).join(',')}]`;
  if (data === null || typeof data !== 'object') return JSON.stringify(data);
  const fields = Object.entries(data)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${JSON.stringify(name)}:${canonicalText(value)}`);
  return `{${fields.join(',')}}`;
}

function parseJson(body: string): { readonly value: unknown } | RejectedMessage {
  try {
    return { value: JSON.parse(body) as unknown };
  } catch {
    return { rejected: 'the body is not JSON' };
  }
}

const reasonOf = (error: z.ZodError): string =>
  error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.join('.') || '(whole)'}: ${issue.message}`)
    .join('; ');
