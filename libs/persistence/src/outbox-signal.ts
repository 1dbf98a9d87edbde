/**
 * Wakes the relay after a commit, so that an event need not wait for the next poll.
 * Losing a signal loses nothing: the relay polls too.
 */
export class OutboxSignal {
  private listener: (() => void) | undefined;

  /** Says that rows were committed. */
  raise(): void {
    this.listener?.();
  }

  /** Sets who is told; there is one relay per process. */
  onRaise(listener: () => void): void {
    this.listener = listener;
  }
}
