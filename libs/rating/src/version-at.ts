import { compareInstants } from './instant.ts';

/**
 * The version in force at an instant: the one that began last, at or before it; undefined before the first.
 * Versions of one model on one rate card are each in force from their own beginning to the next one's: `[from, to)`.
 */
export function versionAt<Version extends { readonly effectiveFrom: string }>(
  versions: readonly Version[],
  at: string,
): Version | undefined {
  let found: Version | undefined;
  for (const version of versions) {
    if (compareInstants(version.effectiveFrom, at) > 0) continue;
    if (found === undefined || compareInstants(found.effectiveFrom, version.effectiveFrom) <= 0)
      found = version;
  }
  return found;
}
