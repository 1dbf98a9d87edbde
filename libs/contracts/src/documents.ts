import { z } from 'zod';
import type { EventDeclaration } from './event.ts';
import { topics, type Topic } from './topics.ts';

/** A file that is generated from the contracts: its path below `docs/events` and its JSON. */
export interface GeneratedDocument {
  readonly path: string;
  readonly json: object;
}

/** Every generated document: a JSON Schema and a sample for each event, and one AsyncAPI description of all topics. */
export function eventDocuments(): readonly GeneratedDocument[] {
  const events = Object.values<Topic>(topics).flatMap((topic) => topic.events);
  return [
    { path: 'asyncapi.json', json: asyncApi() },
    ...events.map((event) => ({ path: `schemas/${event.type}.v1.json`, json: schemaOf(event) })),
    ...events.map((event) => ({ path: `samples/${event.type}.v1.json`, json: event.sample })),
  ];
}

/** The JSON Schema of an event's data. */
function schemaOf(event: EventDeclaration): object {
  return { title: event.type, description: event.meaning, ...z.toJSONSchema(event.schema, { io: 'input' }) };
}

/** AsyncAPI 3.0: channels are topics, messages are events, each service sends on its own topics only. */
function asyncApi(): object {
  const all = Object.entries<Topic>(topics);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Haoli events',
      version: '1.0.0',
      description:
        'CloudEvents 1.0 in Kafka binary mode. The key of a record is the event’s subject unless the channel says otherwise.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(all.map(([key, topic]) => [key, channelOf(topic)])),
    operations: Object.fromEntries(
      all.map(([key, topic]) => [
        `${topic.producer}-sends-${key}`,
        { action: 'send', channel: { $ref: `#/channels/${key}` }, summary: topic.meaning },
      ]),
    ),
    components: {
      messages: Object.fromEntries(
        all.flatMap(([, topic]) => topic.events).map((event) => [event.type, messageOf(event)]),
      ),
      schemas: { CloudEventHeaders: cloudEventHeaders },
    },
  };
}

const channelOf = (topic: Topic) => ({
  address: topic.name,
  description: topic.meaning,
  messages: Object.fromEntries(
    topic.events.map((event) => [event.type, { $ref: `#/components/messages/${event.type}` }]),
  ),
  bindings: {
    kafka: {
      topicConfiguration: { 'cleanup.policy': [topic.retention === 'compact' ? 'compact' : 'delete'] },
    },
  },
});

const messageOf = (event: EventDeclaration) => ({
  name: event.cloudType,
  title: event.type,
  summary: event.meaning,
  headers: { $ref: '#/components/schemas/CloudEventHeaders' },
  payload: schemaOf(event),
  examples: [{ payload: event.sample.data }],
});

const cloudEventHeaders = {
  type: 'object',
  required: ['ce_specversion', 'ce_id', 'ce_type', 'ce_source', 'ce_time', 'ce_subject'],
  properties: {
    ce_specversion: { const: '1.0' },
    ce_id: { type: 'string', description: 'Unique for ever within the topic.' },
    ce_type: { type: 'string', description: 'Such as haoli.UsageRated.v1.' },
    ce_source: { type: 'string', description: 'Such as haoli/metering.' },
    ce_time: { type: 'string', description: 'When it happened, in UTC.' },
    ce_subject: { type: 'string', description: 'The customer id, or a platform book.' },
    traceparent: { type: 'string', description: 'W3C trace context.' },
  },
};
