import type { Encoding } from '@app/tokens';

/** The port to what counts tokens, away from the event loop. */
export abstract class TokenCounts {
  /** The tokens of each text. Rejects where they cannot be counted, or not in time. */
  abstract count(encoding: Encoding, texts: readonly string[]): Promise<readonly number[]>;
}
