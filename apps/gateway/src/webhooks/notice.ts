import { createHash } from 'node:crypto';

/** What a customer can be told of. */
export const noticeTypes = [
  'balance.low',
  'balance.exhausted',
  'top_up.credited',
  'refund.completed',
  'refund.refused',
] as const;
export type NoticeType = (typeof noticeTypes)[number];

/** A test has no place among those: it goes to the one endpoint that it was asked for. */
export const testType = 'webhook.test';

/** Something that a customer is told of. */
export interface Notice {
  /** The same however often the fact is heard of: a receiver knows repetitions by it (`webhook-id`). */
  readonly eventId: string;
  readonly customerId: string;
  readonly type: NoticeType | typeof testType;
  /** When it happened. */
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Makes a notice whose id follows from what it tells and from the fact that it tells of. */
export function noticeOf(told: Omit<Notice, 'eventId'>, fact: string): Notice {
  const digest = createHash('sha256').update(`${told.type} ${told.customerId} ${fact}`).digest('hex');
  return { eventId: `evt_${digest.slice(0, 32)}`, ...told };
}

/** The body that is signed and sent, in the form that Standard Webhooks recommends. */
export const bodyOf = ({ type, at, data }: Notice): string => JSON.stringify({ type, timestamp: at, data });
