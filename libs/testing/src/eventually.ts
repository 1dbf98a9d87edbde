import { inspect } from 'node:util';

/** Beyond what a machine that stands still for seconds takes, and below Jest's own limit, which would not say what was seen. */
const patienceMs = 45_000;
const lookEveryMs = 20;

/**
 * Looks until it is so, and gives what it saw then; without `isSo`, until there is something. Throws with what it saw last
 * where it is still not so after 45 seconds. Specs wait with it for the thing itself, never for a time in which it is likely.
 */
export async function eventually<Value>(
  look: () => Promise<Value> | Value,
  isSo: (value: Value) => boolean = Boolean,
): Promise<Value> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const value = await look();
    if (isSo(value)) return value;
    if (Date.now() > deadline)
      throw new Error(`It did not come about; seen last: ${inspect(value, { depth: 6 }).slice(0, 2_000)}`);
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}
