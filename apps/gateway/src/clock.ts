/** The time by the database's clock: it chooses price version and hour, so all replicas must agree on it. */
export abstract class Clock {
  /** Now, as UTC text with microseconds. */
  abstract now(): string;
}

/** An instant some milliseconds after another. */
export function later(instant: string, milliseconds: number): string {
  return instantOfMicros(microsOf(instant) + milliseconds * 1_000);
}

/** Microseconds since 1970 as UTC text. */
export function instantOfMicros(micros: number): string {
  const whole = Math.floor(micros / 1_000);
  const rest = Math.floor(micros - whole * 1_000);
  return `${new Date(whole).toISOString().slice(0, -1)}${String(rest).padStart(3, '0')}Z`;
}

function microsOf(instant: string): number {
  const fraction = (/\.(\d+)Z$/.exec(instant)?.[1] ?? '').padEnd(6, '0');
  return Date.parse(`${instant.slice(0, 19)}Z`) * 1_000 + Number(fraction);
}
