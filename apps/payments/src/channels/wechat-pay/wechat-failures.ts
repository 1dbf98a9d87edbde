import type { Outcome } from '../payment-channel.ts';

/** What is known of a call that was not answered as hoped. Errors of this provider carry no signature. */
export interface ProviderFailure {
  /** The HTTP status; undefined where no answer came or its signature did not hold. */
  readonly status?: number;
  readonly code: string;
  readonly message: string;
}

/** May be asked again with the same number: throttled, out of money, or we are configured wrongly. */
const again = new Set([
  'FREQUENCYLIMITED',
  'RATELIMITEXCEEDED',
  'NOTENOUGH',
  'SIGNERROR',
  'NOAUTH',
  'MCHNOTEXISTS',
]);

/** Says that the number has a past which only a query can tell. */
const past = new Set([
  'ORDERPAID',
  'OUTTRADENOUSED',
  'ORDERCLOSED',
  'USERPAYING',
  'TRADEERROR',
  'SYSTEMERROR',
  'BANKERROR',
]);

/** Says that the provider has no such order or refund. */
const absent = new Set(['ORDERNOTEXIST', 'ORDERNOTEXISTS', 'RESOURCENOTEXISTS']);

/** The provider spells one code in several ways, with and without underscores. */
const plain = (code: string): string => code.toUpperCase().replaceAll('_', '');

export const saysAbsent = ({ status, code }: ProviderFailure): boolean =>
  status === 404 && absent.has(plain(code));

/** A failure as an outcome: only a plain, final no is one; whatever leaves doubt is `unknown`. */
export function outcomeOfFailure(failure: ProviderFailure): Exclude<Outcome<never>, { kind: 'ok' }> {
  const { status, code, message } = failure;
  if (status === undefined || status >= 500 || past.has(plain(code)))
    return { kind: 'unknown', code, message };
  const retriable = status === 401 || status === 429 || again.has(plain(code));
  const because = plain(code) === 'NOTENOUGH' ? ({ because: 'no-funds' } as const) : {};
  return { kind: 'failed', code, message, retriable, ...because };
}
