interface Window {
  readonly until: number;
  failures: number;
}

const windowMs = 60_000;
const addressesMax = 10_000;

/** Counts keys that failed, by the address that tried them. Bounded: the oldest addresses are forgotten first. */
export class FailedKeys {
  private readonly windows = new Map<string, Window>();

  /** `failuresMax` in a minute; more are not looked up. */
  constructor(private readonly failuresMax: number) {}

  /** Whether an address has tried too many keys that failed. Times in milliseconds. */
  isTooMany(address: string, now: number): boolean {
    const window = this.windows.get(address);
    return window !== undefined && window.until > now && window.failures >= this.failuresMax;
  }

  /** Another key failed. */
  failed(address: string, now: number): void {
    const window = this.windows.get(address);
    if (window !== undefined && window.until > now) {
      window.failures += 1;
      return;
    }
    this.windows.delete(address);
    this.windows.set(address, { until: now + windowMs, failures: 1 });
    const [oldest] = this.windows.keys();
    if (this.windows.size > addressesMax && oldest !== undefined) this.windows.delete(oldest);
  }
}
