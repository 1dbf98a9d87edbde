import type { Journal, Outcome, PostRequest } from './journal.ts';

/** How long, and how. */
export interface Patience {
  /** Ends the waiting early: the partition or the process is gone. */
  readonly signal: AbortSignal;
  readonly waitMsMax: number;
  readonly pause: (ms: number) => Promise<void>;
}

const pauseMsMin = 20;
const pauseMsMax = 500;

/**
 * Posts requests, some of which may come before the event that opens their customer's book, for topics are read side by side.
 * Those are posted again, in their order, until the book is open or it has been waited for long enough.
 */
export async function postPatiently(
  journal: Journal,
  requests: readonly PostRequest[],
  { signal, waitMsMax, pause }: Patience,
): Promise<readonly Outcome[]> {
  const outcomes = [...(await journal.post(requests))];
  for (let waitedMs = 0, pauseMs = pauseMsMin; waitedMs < waitMsMax && !signal.aborted;) {
    const missing = outcomes.flatMap((outcome, index) => (isUnopened(outcome) ? [index] : []));
    if (missing.length === 0) break;
    await pause(pauseMs);
    waitedMs += pauseMs;
    pauseMs = Math.min(pauseMsMax, pauseMs * 2);
    const answers = await journal.post(missing.flatMap((index) => requests[index] ?? []));
    answers.forEach((answer, at) => {
      const index = missing[at];
      if (index !== undefined) outcomes[index] = answer;
    });
  }
  return outcomes;
}

const isUnopened = (outcome: Outcome): boolean =>
  outcome.kind === 'refused' && outcome.refusal.code === 'unknown-account';
