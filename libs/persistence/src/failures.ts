import { InvariantViolation } from '@app/decider';
import { ZodError } from 'zod';
import { CommitUnknown, Unprocessable } from './errors.ts';

/** The SQLSTATE of a PostgreSQL error, or undefined for any other error. */
export function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return /^[0-9A-Z]{5}$/.test(error.code) && 'severity' in error ? error.code : undefined;
}

/** Whether the same work may succeed at once when it is tried again: a deadlock, or a serialization failure. */
export const isConflict = (error: unknown): boolean => ['40001', '40P01'].includes(sqlStateOf(error) ?? '');

/**
 * Whether an event can never be applied: a broken rule of ours, a bug in the effect, or values that the database refuses.
 * Everything else (a lost connection, a full disk, a peer that does not answer) may pass and is tried again.
 */
export function isPermanent(error: unknown): boolean {
  if (error instanceof CommitUnknown) return false;
  if (error instanceof Unprocessable || error instanceof InvariantViolation) return true;
  if (error instanceof TypeError || error instanceof RangeError) return !causedByNetwork(error);
  // What an effect wanted to publish is no event of its topic: a bug of ours too.
  if (error instanceof ZodError) return true;
  const state = sqlStateOf(error);
  // Class 22: the value does not fit. Class 23: a constraint refuses it; two writers at once end in 23505 too, and the one who
  // comes second finds the id in its inbox at the next attempt, so that one is tried again.
  return state !== undefined && /^2[23]/.test(state) && !isTaken(error);
}

/**
 * Whether a key is taken. Two writers at once end so too, and the second finds at its next attempt what the first one wrote;
 * what still meets it then will meet it for ever.
 */
export const isTaken = (error: unknown): boolean => sqlStateOf(error) === '23505';

/** `fetch` says TypeError where a peer cannot be reached, with the socket's error as the cause. */
const causedByNetwork = (error: Error): boolean => error.cause instanceof Error && 'code' in error.cause;

/** The reason to show to the person who looks at a parked message. */
export function reasonOf(error: unknown): string {
  if (error instanceof Unprocessable) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
