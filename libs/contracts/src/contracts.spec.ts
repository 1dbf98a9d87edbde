import { readFileSync, readdirSync } from 'node:fs';
import { Parser } from '@asyncapi/parser';
import { describe, expect, it } from '@jest/globals';
import { eventDocuments } from './documents.ts';
import type { Event } from './event.ts';
import { topics, type Topic } from './topics.ts';
import { canonicalText, encodeEvent, parseEvent } from './wire.ts';

const declared = Object.values<Topic>(topics).flatMap((topic) =>
  topic.events.map((event) => [topic, event] as const),
);

describe('every event', () => {
  it.each(declared.map(([topic, event]) => [event.type, topic, event] as const))(
    '%s survives the way to the broker and back',
    (_type, topic, event) => {
      const wire = encodeEvent(topic.name, event.sample);
      expect(wire.key).toBe(event.sample.subject);
      expect(parseEvent(topic.name, wire.headers, wire.value)).toEqual(event.sample);
    },
  );

  it('lies on exactly one topic', () => {
    const names = declared.map(([, event]) => event.type);
    expect(new Set(names).size).toBe(names.length);
  });

  it('still parses every sample that was ever published', () => {
    const folder = new URL('../../../docs/events/samples/', import.meta.url);
    const files = readdirSync(folder);
    expect(files.length).toBeGreaterThanOrEqual(declared.length);
    for (const file of files) {
      const sample = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Event;
      const declaration = declared.find(([, event]) => event.type === sample.type)?.[1];
      expect([file, declaration?.schema.safeParse(sample.data).success]).toEqual([file, true]);
    }
  });
});

describe('parseEvent', () => {
  const { sample } = topics.topUps.events[0];
  const { headers, value } = encodeEvent('payments.top-ups.v1', sample);

  it.each<[string, string, Record<string, string>, RegExp]>([
    ['a body that is not JSON', 'paid: 50', headers, /not JSON/],
    [
      'an amount that is a number',
      value.replace('"amount":"50"', '"amount":50'),
      headers,
      /data: paid.amount/,
    ],
    [
      'an amount with 19 decimals',
      value.replace('"50"', '"0.1234567890123456789"'),
      headers,
      /paid.amount.*18 decimals/,
    ],
    [
      'an amount of ten thousand digits',
      value.replace('"50"', `"${'9'.repeat(10_000)}"`),
      headers,
      /paid.amount/,
    ],
    ['an amount with a trailing zero', value.replace('"50"', '"50.0"'), headers, /shortest text form/],
    ['an unknown field', value.replace('{', '{"tenant":"x",'), headers, /tenant/],
    ['an unknown type', value, { ...headers, ce_type: 'haoli.TopUpSettled.v9' }, /v9 is not an event of/],
    [
      'a missing id',
      value,
      Object.fromEntries(Object.entries(headers).filter(([n]) => n !== 'ce_id')),
      /headers: ce_id/,
    ],
    ['a time without a zone', value, { ...headers, ce_time: '2026-11-22T08:00:00' }, /ce_time/],
  ])('rejects %s and says why', (_case, body, given, reason) => {
    const answer = parseEvent('payments.top-ups.v1', given, body);
    expect('rejected' in answer ? answer.rejected : 'accepted').toMatch(reason);
  });
});

describe('encodeEvent', () => {
  it('keeps what is not the topic’s event from the broker', () => {
    expect(() => encodeEvent('ledger.journal.v1', topics.topUps.events[0].sample)).toThrow('not an event of');
    const broken = { ...topics.topUps.events[0].sample, data: { topUpId: 'top_1' } };
    expect(() => encodeEvent('payments.top-ups.v1', broken)).toThrow();
  });
});

describe('canonicalText', () => {
  it('does not depend on the order of fields', () => {
    expect(canonicalText({ b: [1, { d: null, c: 'x' }], a: true })).toBe(
      '{"a":true,"b":[1,{"c":"x","d":null}]}',
    );
    expect(canonicalText({ a: undefined, b: 1 })).toBe('{"b":1}');
  });
});

describe('the generated documents', () => {
  const documents = eventDocuments();

  it('say `string` for every amount', () => {
    const schema = documents.find(({ path }) => path === 'schemas/UsageRated.v1.json')?.json;
    expect(schema).toHaveProperty('properties.charge.properties.amount.type', 'string');
  });

  it('are a valid AsyncAPI description', async () => {
    const description = documents.find(({ path }) => path === 'asyncapi.json')?.json;
    const diagnostics = await new Parser().validate(JSON.stringify(description));
    expect(
      diagnostics.filter(({ severity }) => (severity as number) === 0).map(({ message }) => message),
    ).toEqual([]);
  });
});
