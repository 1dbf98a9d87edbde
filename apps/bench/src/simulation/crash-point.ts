/**
 * Where a service kills itself: beside a call of a provider, beside the COMMIT of the transaction that runs a statement,
 * or beside the publishing of an event.
 */
export type CrashPoint =
  | { readonly kind: 'call'; readonly name: string; readonly moment: 'before' | 'after' }
  | { readonly kind: 'write'; readonly sql: string; readonly moment: 'before' | 'after' }
  | { readonly kind: 'publish'; readonly event: string; readonly moment: 'before' | 'after' };

/** What a service under test is told by whoever started it. */
export interface Instruction {
  /** Seconds by which its business time is ahead of the machine's. */
  readonly aheadSeconds?: number;
  /** Kills the service once, when it comes by here. */
  readonly dieAt?: CrashPoint;
}
