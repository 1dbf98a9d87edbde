import { badRequest } from './openai/openai-error.ts';

const form = /^[\x21-\x7e]{1,128}$/;

/** The idempotency key of a customer's request, or undefined where there is none. */
export function idempotencyKeyOf(header: string | undefined): string | undefined {
  if (header === undefined || form.test(header)) return header;
  throw badRequest('Idempotency-Key', 'An Idempotency-Key has 1 to 128 printable characters without spaces.');
}
