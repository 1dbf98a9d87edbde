/**
 * The connection was lost while COMMIT was under way, so the work may or may not be recorded.
 * Never assume either: read the row, the inbox or the idempotency key again.
 */
export class CommitUnknown extends Error {
  override readonly name = 'CommitUnknown';

  constructor(cause: unknown) {
    super('The connection was lost during COMMIT; whether the work is recorded is unknown.', { cause });
  }
}

/**
 * An event that can never be applied as it is: retrying would not help, a person must look at it.
 * Thrown by an effect; the inbox parks the event with `reason` and the partition moves on.
 */
export class Unprocessable extends Error {
  override readonly name = 'Unprocessable';

  constructor(
    /** A short stable word for the kind of trouble, such as `charge-differs`. */
    readonly code: string,
    /** What is wrong, for the person who will look at it. */
    readonly reason: string,
  ) {
    super(`${code}: ${reason}`);
  }
}
