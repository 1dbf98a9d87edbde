import type { EntryRecorded, EventOf } from '@app/contracts';
import { Units18 } from '@app/money';
import { type Notice, noticeOf, type NoticeType } from './notice.ts';

type Entry = EventOf<typeof EntryRecorded>['data'];

/** A balance under which a customer wants to be told, and since when. */
export interface BalanceAlert {
  readonly threshold: string;
  readonly since: string;
}

/**
 * What an entry of the journal means to its customer. The balance that is watched is paid + granted: what is held for calls
 * under way comes back, and would sound the alarm at every call. An entry tells the balance after it and by how much it moved
 * it, so a crossing is seen in the entry alone: once on the way down, and again only after the balance rose above.
 */
export function balanceNotices(entry: Entry, alerts: readonly BalanceAlert[]): readonly Notice[] {
  const after = balanceOf(entry);
  const before = Units18.subtract(after, movedBy(entry));
  const crossed = (threshold: Units18) =>
    Units18.compare(before, threshold) > 0 && Units18.compare(after, threshold) <= 0;
  const low = alerts
    .filter(({ since }) => Date.parse(since) <= Date.parse(entry.recordedAt))
    .filter(({ threshold }) => crossed(Units18.fromText(threshold)))
    .map(({ threshold }) => tell(entry, 'balance.low', { threshold }));
  const exhausted = crossed(Units18.fromText('0')) ? [tell(entry, 'balance.exhausted', {})] : [];
  return [...low, ...exhausted, ...credited(entry)];
}

/** A payment is told of when it is in the wallet; money that was matched by hand is a top-up, too. */
function credited(entry: Entry): readonly Notice[] {
  if (entry.kind !== 'top-up' && entry.kind !== 'suspense-out') return [];
  const [topUpId = ''] = entry.eventId.split(':');
  return [tell(entry, 'top_up.credited', { top_up_id: topUpId, amount: Units18.toText(movedBy(entry)) })];
}

function tell(entry: Entry, type: NoticeType, said: Readonly<Record<string, string>>): Notice {
  const { paid, granted, held } = entry.balance;
  const balance = balanceOf(entry);
  const data = {
    ...said,
    currency: entry.currency,
    balance: Units18.toText(balance),
    paid,
    granted,
    held,
    available: Units18.toText(Units18.subtract(balance, Units18.fromText(held))),
  };
  const fact = `${String(entry.version)} ${said['threshold'] ?? ''}`;
  return noticeOf({ customerId: entry.bookId, type, at: entry.recordedAt, data }, fact);
}

const balanceOf = ({ balance }: Entry): Units18 =>
  Units18.add(Units18.fromText(balance.paid), Units18.fromText(balance.granted));

/** By how much an entry raised the wallet; money that moves inside it does not count. */
function movedBy({ bookId, postings }: Entry): Units18 {
  const own = new Set([`wallet:${bookId}:paid`, `wallet:${bookId}:granted`]);
  return Units18.sum(
    postings.flatMap(({ debit, credit, amount }) => [
      ...(own.has(credit) ? [Units18.fromText(amount)] : []),
      ...(own.has(debit) ? [Units18.negate(Units18.fromText(amount))] : []),
    ]),
  );
}
