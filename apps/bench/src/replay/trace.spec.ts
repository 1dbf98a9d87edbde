import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { customerIndexOf, fundsFor, independentSum, readTrace, sumText } from './trace.ts';

const sample = readFileSync(
  join(import.meta.dirname, '../../../../docs/samples/azure-llm-2023-conv.sample.csv'),
);
const text =
  'TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:15:46.6805900,374,44\r\n\r\n2023-11-16 18:15:50.9951690,396,109';

describe('readTrace', () => {
  it('keeps times to the microsecond, in UTC, and the numbers of lines', () => {
    expect(readTrace(Buffer.from(text)).calls).toEqual([
      { line: 2, occurredAt: '2023-11-16T18:15:46.680590Z', input: 374, output: 44 },
      { line: 4, occurredAt: '2023-11-16T18:15:50.995169Z', input: 396, output: 109 },
    ]);
  });

  it.each([
    ['another header', 'TIME,IN,OUT\n', 'line 1'],
    ['a line that is no call', `${text}\n2023-11-16 18:15:51.2224670,-879,55`, 'line 5'],
    ['a time with tenths of microseconds', `${text}\n2023-11-16 18:15:51.2224675,879,55`, 'line 5'],
    ['nothing but a header', 'TIMESTAMP,ContextTokens,GeneratedTokens\n', 'no call'],
  ])('refuses %s', (_what, content, reason) => {
    expect(() => readTrace(Buffer.from(content))).toThrow(reason);
  });

  it('reads the sample that ships with the project', () => {
    expect(readTrace(sample).calls).toHaveLength(400);
  });
});

describe('independentSum', () => {
  it('is 0.0195 for 3,000 in and 800 out', () => {
    expect(sumText(independentSum([{ line: 2, occurredAt: '', input: 3000, output: 800 }]))).toBe('0.0195');
  });

  it.each([
    [0n, '0'],
    [1n, '0.0000001'],
    [10_000_000n, '1'],
    [1_172_346_500n, '117.23465'],
  ])('%p is written %p', (sum, written) => {
    expect(sumText(sum)).toBe(written);
  });

  it('is covered by the funds, with at least a yuan to spare', () => {
    expect(fundsFor([{ line: 2, occurredAt: '', input: 400_000, output: 0 }])).toBe('3');
  });
});

describe('customerIndexOf', () => {
  it('spreads calls over all customers, always in the same way', () => {
    const trace = readTrace(sample);
    const owners = trace.calls.map((call) => customerIndexOf(trace, call, 20));
    expect(new Set(owners).size).toBe(20);
    expect(readTrace(sample).calls.map((call) => customerIndexOf(trace, call, 20))).toEqual(owners);
  });
});
