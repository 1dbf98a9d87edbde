import { inspect } from 'node:util';

/** Beyond what a machine that stands still for seconds takes, and below Jest's own limit, which would not say what was seen. */
const patienceSeconds = 45;
const lookEveryMs = 20;

/**
 * Looks until it is so, and gives what it saw then; without `isSo`, until there is something. Throws with what it saw last
 * where it is still not so after 45 seconds, or as many as said. Specs wait with it for the thing itself, never for a time in which it is likely.
 */
export async function eventually<Value>(
  look: () => Promise<Value> | Value,
  isSo: (value: Value) => boolean = Boolean,
  secondsMax = patienceSeconds,
): Promise<Value> {
  const deadline = Date.now() + secondsMax * 1_000;
  for (;;) {
    const value = await look();
    if (isSo(value)) return value;
    if (Date.now() > deadline)
      throw new Error(`It did not come about; seen last: ${inspect(value, { depth: 6 }).slice(0, 2_000)}`);
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}
