import { createHash } from 'node:crypto';

/** One call of a trace. */
export interface TracedCall {
  /** In the file, from 1; the header is line 1. */
  readonly line: number;
  /** UTC, to the microsecond. */
  readonly occurredAt: string;
  readonly input: number;
  readonly output: number;
}

/** A trace: its calls, and the fingerprint from which every id follows. */
export interface Trace {
  readonly sha256: string;
  readonly calls: readonly TracedCall[];
}

/** The file is not a trace; the message names the line. */
export class UnusableTrace extends Error {
  override readonly name = 'UnusableTrace';
}

const header = 'TIMESTAMP,ContextTokens,GeneratedTokens';
// The trace has tenths of microseconds, all of them zero.
const row = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{6})0?,(\d{1,9}),(\d{1,9})$/;

/** Reads a trace; one line that is not a call refuses the whole file. */
export function readTrace(bytes: Buffer): Trace {
  const lines = bytes.toString('utf8').split(/\r?\n/);
  if (lines[0]?.trim() !== header) throw new UnusableTrace(`line 1 is not ${header}`);
  const calls = lines.slice(1).flatMap((text, index) => (text === '' ? [] : [callOf(text, index + 2)]));
  if (calls.length === 0) throw new UnusableTrace('there is no call in it');
  return { sha256: createHash('sha256').update(bytes).digest('hex'), calls };
}

function callOf(text: string, line: number): TracedCall {
  const [, day, time, input, output] = row.exec(text) ?? [];
  if (day === undefined || time === undefined)
    throw new UnusableTrace(`line ${line.toString()} is not a call: ${text}`);
  return { line, occurredAt: `${day}T${time}Z`, input: Number(input), output: Number(output) };
}

/** The id of a call, for ever the same for the same line of the same file. */
export const callIdOf = ({ sha256 }: Trace, { line }: TracedCall): string => `${sha256}:${line.toString()}`;

/** Whose call it is: a number below `customers`, by chance but always the same. */
export function customerIndexOf(trace: Trace, call: TracedCall, customers: number): number {
  return createHash('sha256').update(callIdOf(trace, call)).digest().readUInt32BE() % customers;
}

/** Tenths of a millionth of a yuan that these calls cost at ¥2.5 and ¥15 per million tokens: plain integers, no rating code. */
export function independentSum(calls: readonly TracedCall[]): bigint {
  let sum = 0n;
  for (const { input, output } of calls) sum += BigInt(input) * 25n + BigInt(output) * 150n;
  return sum;
}

/** That sum as the text of an amount: 1172346500n is 117.23465. */
export function sumText(sum: bigint): string {
  const digits = sum.toString().padStart(8, '0');
  const decimals = digits.slice(-7).replace(/0+$/, '');
  return decimals === '' ? digits.slice(0, -7) : `${digits.slice(0, -7)}.${decimals}`;
}

/** Whole yuan that pay for these calls, with one to spare. */
export const fundsFor = (calls: readonly TracedCall[]): string =>
  (independentSum(calls) / 10_000_000n + 2n).toString();
