import type { CallFinished, CallStarted, EventOf } from '@app/contracts';

/** The port to where calls are told, durably, before their client is answered. */
export abstract class CallJournal {
  /**
   * False where nobody knows that the log takes events now: at first, after a failure, or while an event waits for long.
   * A call then waits until its start is written before the provider is asked at all.
   */
  abstract get isTrusted(): boolean;

  /** Resolves when the start is on every replica. Throws where that did not happen in time: the call must not go on. */
  abstract started(event: EventOf<typeof CallStarted>): Promise<void>;

  /**
   * Resolves when the end is on every replica, or has waited so long that the client should not. It then goes on trying:
   * only a crash of this process loses it, and metering then closes the call uncharged.
   */
  abstract finished(event: EventOf<typeof CallFinished>): Promise<void>;
}
