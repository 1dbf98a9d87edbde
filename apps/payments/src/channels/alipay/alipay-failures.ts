import type { Outcome } from '../payment-channel.ts';

/** A definite answer of the provider that is no success; unlike other providers' errors it is signed. */
export interface AlipayRefusal {
  /** The gateway's own code, such as `40004`. */
  readonly code: string;
  /** What it is about, such as `ACQ.TRADE_NOT_EXIST`; the gateway itself tells none at times. */
  readonly sub_code?: string | undefined;
  readonly msg?: string | undefined;
  readonly sub_msg?: string | undefined;
}

type Failure = Exclude<Outcome<never>, { kind: 'ok' }>;
type Kind = 'unknown' | 'again' | 'no-funds' | 'past-window';

/** What needs another answer than a plain no. The provider spells its prefix in two ways. */
const kinds: Readonly<Record<string, Kind>> = {
  SYSTEM_ERROR: 'unknown',
  DISCORDANT_REPEAT_REQUEST: 'unknown',
  // The number has a past, which only a query can tell.
  TRADE_HAS_SUCCESS: 'unknown',
  TRADE_HAS_CLOSE: 'unknown',
  SELLER_BALANCE_NOT_ENOUGH: 'no-funds',
  TRADE_HAS_FINISHED: 'past-window',
  TRADE_NOT_ALLOW_REFUND: 'past-window',
};

/** We are configured wrongly, which says nothing about the order and is mended by people. */
const ours = /^is[vp]\.|^aop\./;

/** A refusal as an outcome: only a plain, final no is one; whatever leaves doubt is `unknown`. */
export function outcomeOfRefusal(refusal: AlipayRefusal): Failure {
  const code = codeOf(refusal);
  const message = (refusal.sub_msg ?? refusal.msg ?? '').slice(0, 512);
  switch (kindOf(refusal)) {
    case 'unknown':
      return { kind: 'unknown', code, message };
    case 'again':
      return { kind: 'failed', code, message, retriable: true };
    case 'no-funds':
      return { kind: 'failed', code, message, retriable: true, because: 'no-funds' };
    case 'past-window':
      return { kind: 'failed', code, message, retriable: false, because: 'past-window' };
    case undefined:
      return { kind: 'failed', code, message, retriable: false };
  }
}

/** True where the provider says that it has no such trade. */
export const saysAbsent = ({ sub_code: code = '' }: AlipayRefusal): boolean =>
  plain(code) === 'TRADE_NOT_EXIST';

/** True where the provider says that nothing happened on the day of a bill. */
export const saysNoBill = ({ sub_code: code = '' }: AlipayRefusal): boolean => code === 'isp.bill_not_exist';

function kindOf({ code, sub_code: about = '' }: AlipayRefusal): Kind | undefined {
  // 20000: the service is not available; whether it did something is not said. 40005: throttled at the door.
  if (code === '20000') return 'unknown';
  if (code === '40005' || ours.test(about)) return 'again';
  return kinds[plain(about)];
}

const codeOf = ({ code, sub_code: about }: AlipayRefusal): string =>
  (about ?? `GATEWAY_${code}`).slice(0, 64);

const plain = (code: string): string => code.replace(/^(ACQ|AQC)\./, '');
