const beijingOffsetMs = 8 * 60 * 60 * 1000;

/**
 * The sandbox's business time: the wall clock plus what a test has added to it. Retries, spacing, expiry and refund
 * windows follow it. Signatures do not: they carry the wall clock, because the merchant checks them against its own.
 */
export class VirtualClock {
  private offsetMs = 0;

  now(): Date {
    return new Date(Date.now() + this.offsetMs);
  }

  advance(ms: number): void {
    this.offsetMs += ms;
  }
}

/** The provider's form of an instant: Beijing time, whole seconds. */
export const beijingTime = (instant: Date): string =>
  `${new Date(instant.getTime() + beijingOffsetMs).toISOString().slice(0, 19)}+08:00`;
