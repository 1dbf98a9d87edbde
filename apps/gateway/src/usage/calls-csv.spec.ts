import { describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import type { CallLine } from './call-view.ts';
import { csvHead, csvLineOf } from './calls-csv.ts';

const call: CallLine = {
  ...{ object: 'call', id: 'call_1', time: '2026-11-22T08:01:00.123456Z', model: 'gpt-5.5' },
  ...{ endpoint: 'chat-completions', source: 'gateway', api_key_id: null, status_code: 200 },
  ...{
    input_tokens: 3000,
    output_tokens: 800,
    tokens: { input: 1976, cached_input: 1024, output: 800 },
    units: {},
  },
  ...{
    amount: { value: '0.000000000000000001', currency: 'CNY' },
    credits: '0',
    outcome: 'charged',
    reason: null,
  },
  ...{ price_version: 'prv_1', usage_source: 'upstream', estimated: false, lines: [] },
};
const read = (line: string): Record<string, string> =>
  parse<Record<string, string>>(csvHead + line, { columns: true, record_delimiter: '\r\n' })[0] ?? {};

describe('the CSV line of a call', () => {
  it('is read back as it was, the amount to the last digit', () => {
    expect(read(csvLineOf(call))).toMatchObject({
      ...{ id: 'call_1', api_key_id: '', amount: '0.000000000000000001', estimated: 'false' },
      ...{ input_tokens: '3000', tokens_input: '1976', tokens_cached_input: '1024', units_image: '0' },
    });
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '=HYPERLINK("http://x","y")'])(
    'never is a formula to a spreadsheet: %s',
    (source) => {
      expect(read(csvLineOf({ ...call, source }))['source']).toBe(`'${source}`);
    },
  );

  it('quotes what would end a cell or a line', () => {
    const source = 'a,"b"\r\nc';
    expect(read(csvLineOf({ ...call, source }))['source']).toBe(source);
  });
});
