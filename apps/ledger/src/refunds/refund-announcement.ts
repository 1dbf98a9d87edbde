import { Instant, type EntryOfKind, type Refusal } from '@app/bookkeeping';
import type {
  Event,
  EventOf,
  RefundClosed,
  RefundRefused,
  RefundRequested,
  RefundReserved,
} from '@app/contracts';
import { Money, Units18 } from '@app/money';
import type { RecordedEntry } from '../journal/journal.ts';

const source = 'haoli/ledger';

/** What payments and customers are told of entries about refunds. */
export function announceRefund(entries: readonly RecordedEntry[]): readonly Event[] {
  return entries.flatMap<Event>(({ entry }) => {
    if (entry.kind === 'refund-reserved') return [reserved(entry)];
    if (entry.kind === 'refund-paid' || entry.kind === 'refund-failed') return closed(entry);
    return [];
  });
}

function reserved(entry: EntryOfKind<'refund-reserved'>): EventOf<typeof RefundReserved> {
  const { refundId, total, rounding, items } = entry.memo;
  const time = Instant.toText(entry.recordedAt);
  return {
    id: `${refundId}:reserved`,
    type: 'RefundReserved',
    source,
    time,
    subject: entry.bookId,
    data: {
      refundId,
      customerId: entry.bookId,
      total: moneyText(total, entry.currency),
      rounding: Units18.toText(rounding),
      items: items.map(({ itemId, topUpId, channel, amount }) => ({
        itemId,
        topUpId,
        channel,
        amount: moneyText(amount, entry.currency),
      })),
      reservedAt: time,
    },
  };
}

function closed(
  entry: EntryOfKind<'refund-paid'> | EntryOfKind<'refund-failed'>,
): EventOf<typeof RefundClosed>[] {
  const { refundId, closed: totals } = entry.memo;
  if (totals === null) return [];
  const time = Instant.toText(entry.recordedAt);
  return [
    {
      id: `${refundId}:closed`,
      type: 'RefundClosed',
      source,
      time,
      subject: entry.bookId,
      data: {
        refundId,
        customerId: entry.bookId,
        paid: moneyText(totals.paid, entry.currency),
        givenBack: moneyText(totals.givenBack, entry.currency),
        closedAt: time,
      },
    },
  ];
}

/** What the refused request is told, with what could be asked for instead. */
export function refusedRefund(
  request: EventOf<typeof RefundRequested>,
  refusal: Refusal,
  known: { readonly refundable: string; readonly currency: string },
): EventOf<typeof RefundRefused> {
  const { refundId, customerId } = request.data;
  const refundable =
    'refundable' in refusal
      ? Money.ofUnits(refusal.refundable, known.currency)
      : Money.of(known.refundable, known.currency).floorToMinor().rounded;
  return {
    id: `${refundId}:refused`,
    type: 'RefundRefused',
    source,
    time: request.time,
    subject: customerId,
    data: {
      refundId,
      customerId,
      code: refusal.code,
      refundable: refundable.toJSON(),
      refusedAt: request.time,
    },
  };
}

const moneyText = (amount: Units18, currency: string) => ({ amount: Units18.toText(amount), currency });
