import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { eventDocuments } from './documents.ts';
import { topics, type Topic } from './topics.ts';
import { encodeEvent, parseEvent, type WireEvent } from './wire.ts';

/** An event version as it was published: bytes as Kafka has them, and the schema by which programs of that time read. */
interface Published {
  readonly topic: string;
  readonly wires: readonly WireEvent[];
  readonly schema: Schema;
}

/** As much of JSON Schema as matters to who reads: which fields there are, which there must be, and closed lists. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

const folder = new URL('../published/', import.meta.url);
const published = readdirSync(folder).map(
  (file) =>
    [
      file.replace('.json', ''),
      JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Published,
    ] as const,
);
const present = new Map(
  eventDocuments().map(({ path, json }) => [path.replace(/^schemas\/|\.json$/g, ''), json as Schema]),
);
const sampleOf = (name: string) =>
  Object.values<Topic>(topics)
    .flatMap((topic) => topic.events)
    .find(({ cloudType }) => cloudType === `haoli.${name}`)?.sample;

/** Every field by its path: `must` where it has to be there, with the closed list of its values where it has one. */
function fieldsOf(schema: Schema, path = ''): string[] {
  const { properties = {}, required = [], items, anyOf = [], oneOf = [] } = schema;
  const values = schema.enum ?? (schema.const === undefined ? [] : [schema.const]);
  return [
    ...values.map((value) => `${path} may be ${JSON.stringify(value)}`),
    ...Object.entries(properties).flatMap(([name, field]) => [
      `${path}.${name} ${required.includes(name) ? 'must' : 'may'} be there`,
      ...fieldsOf(field, `${path}.${name}`),
    ]),
    ...(items === undefined ? [] : fieldsOf(items, `${path}[]`)),
    ...[...anyOf, ...oneOf].flatMap((variant) => fieldsOf(variant, path)),
  ];
}

/** Zod compiles patterns without the flag that JSON Schema asks for, and cannot match by Unicode properties. */
const readable = (schema: Schema) =>
  JSON.parse(
    JSON.stringify(schema, (key, value: unknown) =>
      key === 'pattern' && String(value).includes('\\p{') ? undefined : value,
    ),
  ) as Parameters<typeof z.fromJSONSchema>[0];

const whatChanged = `
A program that runs today parks what it does not know. Make it an event of a new topic; or, where every reader is deployed before
the first writer, add the new bytes to libs/contracts/published beside the old ones, replace the schema, and say so in the change.`;

describe('an event version that was published', () => {
  it('stays: every one is declared, and every one that is declared is kept', () => {
    const declared = Object.values<Topic>(topics).flatMap((topic) => topic.events);
    expect(published.map(([name]) => `haoli.${name}`).sort()).toEqual(
      declared.map(({ cloudType }) => cloudType).sort(),
    );
  });

  it.each(published)('%s: its bytes of then are read today, to the same facts', (_name, { topic, wires }) => {
    expect(wires.length).toBeGreaterThan(0);
    for (const { headers, value } of wires)
      expect(parseEvent(topic, headers, value)).toMatchObject({
        id: headers['ce_id'],
        subject: headers['ce_subject'],
        data: JSON.parse(value) as object,
      });
  });

  it.each(published)('%s: the bytes of today are read by its schema of then', (name, { topic, schema }) => {
    const sample = sampleOf(name);
    if (sample === undefined) throw new Error(`${name} is not declared any more`);
    const { value } = encodeEvent(topic, sample);
    const reader = z.fromJSONSchema(readable(schema));
    expect(reader.safeParse(JSON.parse(value)).error?.message).toBeUndefined();
    expect(reader.safeParse({ ...(JSON.parse(value) as object), unheardOf: 1 }).success).toBe(false);
  });

  it.each(published)('%s: has the fields and the closed lists that it had', (name, { schema }) => {
    const [then, now] = [fieldsOf(schema), fieldsOf(present.get(name) ?? {})];
    const changes = [
      ...now.filter((field) => !then.includes(field)).map((field) => `new: ${field}`),
      ...then.filter((field) => !now.includes(field)).map((field) => `gone: ${field}`),
    ];
    expect(changes.length === 0 ? '' : `${changes.join('\n')}${whatChanged}`).toBe('');
  });
});
