import { readdirSync, readFileSync } from 'node:fs';

const microsPerTick = 10_000;

/** CPU time of this process so far, in microseconds. */
export function ownCpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** CPU time that a process and those it started have used so far, in microseconds; NaN where the system does not tell. */
export function cpuMicrosOf(pid: number): number {
  try {
    const family = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => statOf(name) ?? [])
      .filter(({ parent }) => parent === pid);
    const self = statOf(String(pid));
    if (self === undefined) return Number.NaN;
    const ticks = family.reduce((sum, { own }) => sum + own, self.own + self.ofEnded);
    return ticks * microsPerTick;
  } catch {
    return Number.NaN;
  }
}

/** The most memory that a process ever had, in MiB; NaN where the system does not tell. */
export function memoryPeakOf(pid: number): number {
  try {
    const [, kib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8')) ?? [];
    return Number(kib) / 1_024;
  } catch {
    return Number.NaN;
  }
}

interface ProcessStat {
  readonly parent: number;
  readonly own: number;
  readonly ofEnded: number;
}

function statOf(pid: string): ProcessStat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [, parent, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = rest.slice(9, 13).map(Number);
    return { parent: Number(parent), own: user + system, ofEnded: endedUser + endedSystem };
  } catch {
    return undefined;
  }
}
