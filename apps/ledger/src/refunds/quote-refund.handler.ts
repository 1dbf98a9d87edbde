import { Instant, type Refusal } from '@app/bookkeeping';
import { AmountText, Id, type LedgerApi } from '@app/contracts';
import { Units18 } from '@app/money';
import { Database } from '@app/persistence';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { loadBooks } from '../journal/books.store.ts';
import { refusalFigures } from '../journal/refusal-text.ts';
import { parsed } from '../parsed.ts';

const Question = z
  .object({ customerId: Id, closeOut: z.boolean(), amount: z.union([AmountText, z.literal('')]) })
  .refine(({ closeOut, amount }) => closeOut === (amount === ''), {
    path: ['amount'],
    message: 'say either an amount or closeOut',
  });

/** Says what a refund would come to: the very decision of the core, of which nothing is written. */
@Injectable()
export class QuoteRefundHandler {
  constructor(private readonly database: Database) {}

  async quote(given: LedgerApi.QuoteRefundRequest): Promise<LedgerApi.RefundQuote> {
    const { customerId, closeOut, amount } = parsed(Question, given);
    const kept = (await loadBooks(this.database, [customerId], 'unlocked')).get(customerId);
    if (!kept) throw unknown(customerId);
    const { book } = kept;
    const decision = book.decide({
      type: 'reserve-refund',
      refundId: 'quote',
      ...{ eventId: 'quote', fingerprint: '', currency: null, occurredAt: Instant.of(0) },
      request: closeOut ? { extent: 'close-out' } : { extent: 'amount', amount: Units18.fromText(amount) },
    });
    const { currency } = book.state;
    if (!decision.accepted) return refused(decision.refusal, currency);
    const [entry] = decision.events;
    if (entry?.kind !== 'refund-reserved') throw new Error('A reservation is one entry of its kind.');
    const { total, rounding, items } = entry.memo;
    return {
      ...{ currency, total: Units18.toText(total), rounding: Units18.toText(rounding) },
      ...{ refusalCode: '', refundable: '' },
      items: items.map((item) => ({
        topUpId: item.topUpId,
        channel: item.channel,
        amount: Units18.toText(item.amount),
      })),
    };
  }
}

function refused(refusal: Refusal, currency: string): LedgerApi.RefundQuote {
  const { refundable } = refusalFigures(refusal);
  const none = { total: '', rounding: '', items: [] };
  return {
    ...none,
    currency,
    refusalCode: refusal.code,
    refundable: typeof refundable === 'string' ? refundable : '',
  };
}

const unknown = (customerId: string): Problem =>
  new Problem({ code: 'unknown-account', field: 'customerId', detail: `${customerId} has no wallet.` });
