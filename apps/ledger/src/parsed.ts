import { Problem } from '@app/transport';
import type { z } from 'zod';

/** Reads a request by its schema; a request that does not fit is answered with the first field that is wrong, and why. */
export function parsed<Schema extends z.ZodType>(schema: Schema, given: unknown): z.output<Schema> {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const errors = result.error.issues.slice(0, 20).map(({ path, message }) => ({
    field: path.map(String).join('.') || '(request)',
    reason: message,
  }));
  const [first = { field: '(request)', reason: 'is not valid' }] = errors;
  throw new Problem({
    code: 'invalid-request',
    field: first.field,
    detail: `${first.field}: ${first.reason}`,
    remedy: 'Correct the named fields and send the request again.',
    errors,
  });
}
