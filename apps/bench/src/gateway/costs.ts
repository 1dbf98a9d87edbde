import { cpuMicrosOf, ownCpuMicros } from '../cpu.ts';
import { fixed, type Measurement } from '../measure.ts';

/** The processes that a call keeps busy. */
export type Pids = Readonly<Record<string, number>>;

/** Processor time of all processes that take part, from now on. */
export class Costs {
  private readonly begun = performance.now();
  private readonly before: ReadonlyMap<string, number>;

  /** `pids` has the gateway as `gateway` and PostgreSQL as `PostgreSQL`, which have columns of their own. */
  constructor(private readonly pids: Pids) {
    this.before = this.now();
  }

  /** What so many operations have cost each process; `remark` stands before those that have no column. */
  stop(name: string, operations: number, remark: string): Measurement {
    const seconds = (performance.now() - this.begun) / 1_000;
    const micros = new Map(
      [...this.now()].map(([part, after]) => [part, (after - (this.before.get(part) ?? 0)) / operations]),
    );
    const others = [...micros].filter(([part]) => !['gateway', 'PostgreSQL'].includes(part));
    return {
      name,
      operations,
      seconds,
      nodeMicros: micros.get('gateway') ?? Number.NaN,
      postgresMicros: micros.get('PostgreSQL') ?? Number.NaN,
      remark: `${remark}; µs: ${others.map(([part, cost]) => `${part} ${fixed(cost, 0)}`).join(', ')}`,
    };
  }

  private now(): ReadonlyMap<string, number> {
    return new Map(
      Object.entries(this.pids).map(([part, pid]) => [
        part,
        pid === process.pid ? ownCpuMicros() : cpuMicrosOf(pid),
      ]),
    );
  }
}
