import { isIP } from 'node:net';
import { isPublicAddress } from '../upstreams/public-address.ts';

/** Whether events may be sent to our own machines and without TLS: in development only. */
export class WebhookReach {
  constructor(readonly includesPrivate: boolean) {}
}

/**
 * Why events are not sent to an address; undefined where they may be. Names are judged again at every attempt, by the
 * addresses that they have then.
 */
export function problemOfUrl(text: string, { includesPrivate }: WebhookReach): string | undefined {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    return 'must be an absolute https:// address';
  if (url.username !== '' || url.password !== '') return 'must not contain a name or a password';
  if (url.hash !== '') return 'must not contain a fragment (#)';
  if (includesPrivate) return undefined;
  if (url.protocol !== 'https:') return 'must begin with https://';
  return isForbiddenHost(url.hostname) ? 'must be reachable from the public Internet' : undefined;
}

/** Hosts that are no public ones by what they are called. */
function isForbiddenHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (isIP(host) !== 0) return !isPublicAddress(host);
  return host === 'localhost' || host.endsWith('.localhost') || !host.includes('.');
}
