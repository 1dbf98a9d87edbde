/** How long things wait, in seconds. */
export class Waits {
  /** A charge without a hold waits for money. */
  readonly chargeSeconds: number;
  /** A hold lives without a word from its gateway. */
  readonly holdExpirySeconds: number;
  /** A lease, once renewed. */
  readonly leaseSeconds: number;
  /** A hold whose call finished waits to be rated. */
  readonly quarantineSeconds: number;
  /** A close-out waits for its customer's holds to end. */
  readonly refundDrainSeconds: number;
  /** Between two looks at what is due. */
  readonly sweepSeconds: number;

  constructor(seconds: Readonly<Record<keyof Waits, number>>) {
    this.chargeSeconds = seconds.chargeSeconds;
    this.holdExpirySeconds = seconds.holdExpirySeconds;
    this.leaseSeconds = seconds.leaseSeconds;
    this.quarantineSeconds = seconds.quarantineSeconds;
    this.refundDrainSeconds = seconds.refundDrainSeconds;
    this.sweepSeconds = seconds.sweepSeconds;
  }
}
