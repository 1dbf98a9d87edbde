import { setTimeout as sleep } from 'node:timers/promises';

/** Something did not come out as the story tells it. */
export class StoryFailed extends Error {
  override readonly name = 'StoryFailed';
}

/** Ends the story where a figure is not the one that was worked out by hand. */
export function mustBe(what: string, actual: unknown, expected: string | number | boolean): void {
  if (actual === expected) return;
  throw new StoryFailed(`${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
}

const patienceMs = 30_000;
const lookEveryMs = 50;

/** Looks until something is so, because events take their moment; ends the story where it never is. */
export async function eventually<Value>(
  what: string,
  look: () => Promise<Value>,
  isSo: (value: Value) => boolean,
): Promise<Value> {
  const begun = performance.now();
  for (;;) {
    const value = await look();
    if (isSo(value)) return value;
    if (performance.now() - begun > patienceMs) {
      throw new StoryFailed(
        `${what}: not so after ${String(patienceMs / 1_000)} s; last seen ${JSON.stringify(value)}`,
      );
    }
    await sleep(lookEveryMs);
  }
}
