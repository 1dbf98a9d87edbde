import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EventAttributes } from './event.ts';
import { UsageRated } from './metering.events.ts';
import { encodeEvent, parseEvent } from './wire.ts';

const { headers, value } = encodeEvent('metering.rated.v1', UsageRated.sample);
const odd = [
  '',
  ' ',
  'é',
  '1.0',
  '1.1',
  'x'.repeat(128),
  'x'.repeat(129),
  'a b',
  'id\n',
  '"\\',
  '2026-11-22',
];
const text = fc.oneof(fc.constantFrom(...odd, ...Object.values(headers)), fc.string());
const name = fc.constantFrom(...Object.keys(headers), 'traceparent', 'x-other');

describe('parseEvent', () => {
  it('takes the headers that the schema takes, and gives what they say', () => {
    fc.assert(
      fc.property(fc.dictionary(name, fc.option(text)), (changes) => {
        const given: Record<string, string> = { ...headers };
        for (const [header, put] of Object.entries(changes)) {
          if (put === null) Reflect.deleteProperty(given, header);
          else given[header] = put;
        }
        const told = EventAttributes.safeParse(given);
        const event = parseEvent('metering.rated.v1', given, value);
        if (!told.success) expect(event).toEqual({ rejected: expect.stringMatching(/^headers: /) });
        else if (told.data.ce_type !== UsageRated.cloudType) expect(event).toHaveProperty('rejected');
        else {
          const { ce_id: id, ce_source: source, ce_time: time, ce_subject: subject, traceparent } = told.data;
          const { type, data } = UsageRated.sample;
          const trace = traceparent === undefined ? {} : { traceparent };
          expect(event).toEqual({ type, data, id, source, time, subject, ...trace });
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
