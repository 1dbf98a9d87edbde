import { cpuMicrosOf, ownCpuMicros } from './cpu.ts';

/** One line of the table. */
export interface Measurement {
  readonly name: string;
  readonly operations: number;
  readonly seconds: number;
  /** CPU of the Node process that did the work, in microseconds an operation. */
  readonly nodeMicros: number;
  /** CPU of PostgreSQL, in microseconds an operation. */
  readonly postgresMicros: number;
  /** What else is worth knowing, such as percentiles. */
  readonly remark?: string;
}

/** Whose CPU is counted. Without a process of Node's own, it is this one's. */
export interface Counted {
  readonly postgresPid: number;
  readonly nodePid?: number;
}

/** A measurement under way. */
export class Stopwatch {
  private readonly begun = performance.now();
  private readonly nodeBefore: number;
  private readonly postgresBefore: number;

  constructor(private readonly counted: Counted) {
    this.nodeBefore = nodeCpu(counted);
    this.postgresBefore = cpuMicrosOf(counted.postgresPid);
  }

  /** What so many operations have cost since the beginning. */
  stop(name: string, operations: number, remark?: string): Measurement {
    const seconds = (performance.now() - this.begun) / 1_000;
    return {
      name,
      operations,
      seconds,
      nodeMicros: (nodeCpu(this.counted) - this.nodeBefore) / operations,
      postgresMicros: (cpuMicrosOf(this.counted.postgresPid) - this.postgresBefore) / operations,
      ...(remark === undefined ? {} : { remark }),
    };
  }
}

const nodeCpu = ({ nodePid }: Counted): number =>
  nodePid === undefined ? ownCpuMicros() : cpuMicrosOf(nodePid);

/** Operations a second. */
export const rateOf = ({ operations, seconds }: Measurement): number => operations / seconds;

/** The value below which this part of the sorted values lies. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

const formats = [0, 1, 2].map(
  (digits) => new Intl.NumberFormat('en', { minimumFractionDigits: digits, maximumFractionDigits: digits }),
);

/** A measured figure with so many decimals. */
export const fixed = (value: number, digits: 0 | 1 | 2): string =>
  formats[digits]?.format(value) ?? String(value);
