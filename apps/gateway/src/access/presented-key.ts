import type { IncomingHttpHeaders } from 'node:http';

/** The key of a request as an Authorization header says it. Anthropic's clients send theirs under a name of its own. */
export function presentedKey({ headers }: { readonly headers: IncomingHttpHeaders }): string | undefined {
  const key = headers['x-api-key'];
  return headers.authorization ?? (typeof key === 'string' ? `Bearer ${key}` : undefined);
}
