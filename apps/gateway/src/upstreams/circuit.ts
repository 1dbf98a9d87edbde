/** After so many failures in a row nobody is sent there for a while. */
const failuresMax = 5;
const openMsMin = 5_000;
const openMsMax = 60_000;
/** A trial that was never told about, because its process was busy, does not keep the circuit open for ever. */
const trialMsMax = 30_000;

/**
 * Whether a provider is worth asking. After five failures in a row it is left alone for five seconds, then one call at a
 * time tries it: a success closes the circuit, a failure doubles the wait, up to a minute.
 */
export class Circuit {
  private failures = 0;
  private openMs = openMsMin;
  private openUntil = -Infinity;
  private trialSince: number | undefined;

  /** Whether a call may go now. Where the wait is over, who is let through is the trial. Times in milliseconds. */
  admits(now: number): boolean {
    if (!this.isOpen) return true;
    if (now < this.openUntil) return false;
    if (this.trialSince !== undefined && now - this.trialSince < trialMsMax) return false;
    this.trialSince = now;
    return true;
  }

  /** The provider answered. */
  succeeded(): void {
    this.failures = 0;
    this.openMs = openMsMin;
    this.trialSince = undefined;
  }

  /** The call ended without saying anything about the provider: another may be the trial. */
  undecided(): void {
    this.trialSince = undefined;
  }

  /** The provider did not answer, or said that it cannot. */
  failed(now: number): void {
    this.failures += 1;
    if (!this.isOpen) return;
    if (this.trialSince !== undefined) this.openMs = Math.min(2 * this.openMs, openMsMax);
    this.trialSince = undefined;
    this.openUntil = now + this.openMs;
  }

  /** Whether calls are kept away, or only tried one at a time. */
  get isOpen(): boolean {
    return this.failures >= failuresMax;
  }
}
