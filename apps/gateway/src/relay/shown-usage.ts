import type { Endpoint } from '../endpoints/endpoint.ts';
import type { CallEnd } from './call-end.ts';

/** The usage that the client sees: the provider's, or what we counted in its place; undefined where there is neither. */
export function shownUsage(reported: unknown, end: CallEnd['end'], endpoint: Endpoint): unknown {
  if (reported !== undefined || end.kind !== 'usage') return reported;
  const { input = 0, output = 0 } = end.usage.tokens;
  return endpoint.countedUsage(input, output);
}
