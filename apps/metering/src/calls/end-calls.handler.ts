import { topics } from '@app/contracts';
import { metrics } from '@app/observability';
import { Outbox, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { RecordCostsHandler } from '../margins/record-costs.handler.ts';
import { PriceBookStore } from '../prices/price-book.store.ts';
import { callKey, CallStore, type QuarantineEntry } from './call.store.ts';
import { type ToldCall, tellingOf } from './ended-call.ts';

const ended = metrics.counter({
  name: 'metering_calls_ended_total',
  help: 'Calls that ended, by outcome.',
  labels: ['outcome'],
});

/** Writes down how calls ended and tells the ledger, in the caller's transaction; each call ends once. */
@Injectable()
export class EndCallsHandler {
  constructor(
    private readonly calls: CallStore,
    private readonly book: PriceBookStore,
    private readonly outbox: Outbox,
    private readonly costs: RecordCostsHandler,
  ) {}

  async handle(tx: Tx, calls: readonly ToldCall[]): Promise<void> {
    const first = firstEnds(calls);
    const applied = await this.calls.end(tx, [...first.values()]);
    const isApplied = (call: ToldCall) => first.get(callKey(call)) === call && applied.has(callKey(call));
    const endings = calls.filter(isApplied);
    const late = calls.filter((call) => !isApplied(call));
    await this.calls.quarantine(tx, [...endings.flatMap(quarantineOf), ...late.map(secondEnd)]);
    await this.book.markRated(tx, ratedCards(endings));
    await this.outbox.add(
      tx,
      topics.rated.name,
      endings.flatMap((call) => tellingOf(call) ?? []),
    );
    await this.costs.handle(tx, endings);
    tx.afterCommit(() => {
      for (const { end } of endings) ended.inc({ outcome: end.outcome });
    });
  }
}

function firstEnds(calls: readonly ToldCall[]): ReadonlyMap<string, ToldCall> {
  const first = new Map<string, ToldCall>();
  for (const call of calls) if (!first.has(callKey(call))) first.set(callKey(call), call);
  return first;
}

const ratedCards = (calls: readonly ToldCall[]): readonly string[] => [
  ...new Set(
    calls.flatMap(({ end, rateCardId }) =>
      end.outcome === 'charged' && rateCardId !== null ? [rateCardId] : [],
    ),
  ),
];

function quarantineOf({ end, customerId, callId, event }: ToldCall): readonly QuarantineEntry[] {
  return end.outcome === 'quarantined'
    ? [{ customerId, callId, code: end.code, reason: end.reason, event }]
    : [];
}

/** A call that was given up or has ended stays as it is; what came after is kept for a person. */
const secondEnd = ({ customerId, callId, event }: ToldCall): QuarantineEntry => ({
  ...{ customerId, callId, event },
  code: 'ended-before',
  reason: 'the call had ended before this came; it was not charged again',
});
