import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { UsageRated } from './metering.events.ts';
import { isPlainRatedCall } from './plain-rated-call.ts';

const { schema, sample } = UsageRated;

/** What the schema says, which is what counts: accepted, and nothing changed on the way. */
function isAccepted(data: unknown): boolean {
  const answer = schema.safeParse(data);
  if (answer.success) expect(answer.data).toEqual(data);
  return answer.success;
}

const odd = [
  ...['', ' ', 'é', 'a b', 'call_1\n', '"', '\\', '\0', 'x'.repeat(128), 'x'.repeat(129), '__proto__'],
  ...['0', '-0', '00', '0.10', '.5', '1.', '-1', '1e3', '+1', '0.000000000000000001', '2.5', '1000000', '1'],
  ...['99999999999999999999', '100000000000000000000', '0.1234567890123', '0.1234567890123456789', '１'],
  ...['CNY', 'cny', 'CNYX', 'input', 'image', 'Input', 'toString', 'gpt-5.5', '/gpt', 'm'.repeat(129)],
  ...['2026-11-22T08:00:00Z', '2026-13-22T08:00:00Z', '2026-11-22T24:00:00Z', '2026-11-22T08:00:00.1234567Z'],
  ...['2026-11-22T08:00:00+08:00', '2026-11-22T08:00:00.Z', '2026-02-31T23:59:59.999999Z'],
];
const value = fc.oneof(
  fc.constantFrom<unknown>(...odd),
  fc.constantFrom<unknown>(0, -0, -1, 1.5, 2 ** 53, 2 ** 53 - 1, 1e300, null, true, [], {}),
  fc.string(),
  fc.integer(),
  fc.jsonValue(),
);

/** Where something may be put in a rated call: in the place of a field, of a line, or where nothing was. */
const path = fc.oneof(
  fc.constantFrom(...Object.keys(sample.data), 'lines.0', 'lines.1', 'lines.2', 'tenant', '__proto__'),
  fc.constantFrom('charge.amount', 'charge.currency', 'charge.tax', 'charge.__proto__'),
  fc
    .tuple(fc.constantFrom('0', '1'), fc.constantFrom(...Object.keys(sample.data.lines[0] ?? {}), 'note'))
    .map(([line, field]) => `lines.${line}.${field}`),
);
const change = fc.record({ path, value: fc.option(value, { nil: undefined }) });

/** The sample as JSON, with something put in, or taken out where the value is undefined; as JSON, for no other is ever read. */
function changed(changes: readonly { readonly path: string; readonly value: unknown }[]): unknown {
  const data = structuredClone(sample.data) as unknown as Record<string, unknown>;
  for (const { path: where, value: put } of changes) {
    const names = where.split('.');
    const last = names.pop() ?? '';
    let at: unknown = data;
    for (const name of names) at = (at as Record<string, unknown> | null | undefined)?.[name];
    if (typeof at !== 'object' || at === null) continue;
    if (put === undefined) Reflect.deleteProperty(at, last);
    else
      // A copy: a later change may be made within it, and the next run puts the same value in.
      Object.defineProperty(at, last, {
        ...{ value: structuredClone(put), enumerable: true, configurable: true, writable: true },
      });
  }
  return JSON.parse(JSON.stringify(data));
}

describe('isPlainRatedCall', () => {
  it('accepts what the schema accepts, and nothing else, one field or several away from a rated call', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3 }), (changes) => {
        const data = changed(changes);
        expect(isPlainRatedCall(data)).toBe(isAccepted(data));
      }),
      { numRuns: 5_000 },
    );
  });

  it('is of the same mind as the schema about any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (data) => {
        expect(isPlainRatedCall(data)).toBe(isAccepted(data));
      }),
    );
  });

  it.each([0, 1, 32, 33])('counts %i lines as the schema does', (count) => {
    const lines = Array.from({ length: count }, () => sample.data.lines[0]);
    const data = { ...sample.data, keyId: null, holdId: null, lines };
    expect(isPlainRatedCall(data)).toBe(count <= 32);
    expect(isAccepted(data)).toBe(count <= 32);
  });

  it.each(odd)('says of %j in every field what the schema says', (text) => {
    const fields = ['charge.amount', 'charge.currency', ...Object.keys(sample.data)];
    const lineFields = Object.keys(sample.data.lines[0] ?? {}).map((name) => `lines.0.${name}`);
    for (const where of [...fields, ...lineFields]) {
      const data = changed([{ path: where, value: text }]);
      expect([where, isPlainRatedCall(data)]).toEqual([where, isAccepted(data)]);
    }
  });
});
