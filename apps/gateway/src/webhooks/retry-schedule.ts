const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** The pauses after each attempt that failed, as Standard Webhooks suggests them: three days and some hours in all. */
const pausesMs = [
  ...[5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour],
  ...[10 * hour, 14 * hour, 20 * hour, 24 * hour],
];

/** So many times it is tried at most. */
export const attemptsMax = pausesMs.length + 1;

/** An endpoint that took nothing for so long is disabled. */
export const failingMsMax = 72 * hour;

/**
 * How long to wait after an attempt failed; undefined where it was the last one. `chance`, from 0 to 1, lengthens the pause by
 * up to a tenth: receivers that were away are not met by everything at once.
 */
export function pauseAfterMs(attempts: number, chance: number): number | undefined {
  const pause = pausesMs[attempts - 1];
  return pause === undefined ? undefined : Math.round(pause * (1 + chance / 10));
}
