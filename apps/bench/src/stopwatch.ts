/** How long something took. */
export interface Lap {
  /** Seconds of processor time of this process: what counts where the machine is shared. */
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
}

/** Runs something and says how long it took. */
export function timed(work: () => void): Lap {
  const cpu = process.cpuUsage();
  const wall = process.hrtime.bigint();
  work();
  const { user, system } = process.cpuUsage(cpu);
  return { cpuSeconds: (user + system) / 1e6, wallSeconds: Number(process.hrtime.bigint() - wall) / 1e9 };
}

/** The fastest of some runs in processor time: other work on the machine only ever makes one slower. */
export function best(runs: number, work: () => void): Lap {
  const laps = Array.from({ length: runs }, () => timed(work));
  return laps.reduce((a, b) => (a.cpuSeconds <= b.cpuSeconds ? a : b));
}

/** A row of a report: a name, then figures of equal width. */
export function row(name: string, ...figures: readonly string[]): string {
  return name.padEnd(44) + figures.map((figure) => figure.padStart(14)).join('');
}

/** A figure with thousands apart and a few digits after the point. */
export function figure(value: number, digits = 0): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
