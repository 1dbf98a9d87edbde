import { type EventOf, topics, type UpstreamCostAccrued } from '@app/contracts';
import { newId, Outbox, type Tx } from '@app/persistence';
import { Units18 } from '@app/money';
import { Injectable } from '@nestjs/common';
import type { EndedCall } from '../calls/ended-call.ts';
import { type MarginLine, marginLines } from './margin-line.ts';
import { MarginStore } from './margin.store.ts';

/** Keeps what ended calls cost us, and has the ledger accrue it: one event per batch, upstream, currency and day. */
@Injectable()
export class RecordCostsHandler {
  constructor(
    private readonly margins: MarginStore,
    private readonly outbox: Outbox,
  ) {}

  /** The calls must be those that end in this transaction: their cost is accrued once because they end once. */
  async handle(tx: Tx, calls: readonly EndedCall[]): Promise<void> {
    const lines = marginLines(calls);
    const settled = calls.filter(({ end }) => end.outcome !== 'quarantined');
    await this.margins.addCosts(tx, settled);
    await this.margins.addLines(tx, newId('mrg'), lines);
    await this.outbox.add(tx, topics.rated.name, accrualsOf(lines));
  }
}

type Accrual = EventOf<typeof UpstreamCostAccrued>;

function accrualsOf(lines: readonly MarginLine[]): readonly Accrual[] {
  const groups = new Map<string, MarginLine[]>();
  for (const line of lines) {
    if (line.upstream === '') continue;
    const key = [line.day, line.upstream, line.currency].join('\n');
    groups.set(key, [...(groups.get(key) ?? []), line]);
  }
  return [...groups.values()].flatMap(accrualOf);
}

function accrualOf(lines: readonly MarginLine[]): readonly Accrual[] {
  const [first] = lines;
  const cost = Units18.sum(lines.map((line) => Units18.fromText(line.cost)));
  if (first === undefined || cost === 0n) return [];
  const { upstream, currency } = first;
  const batchId = newId('cost');
  const bookId = `platform:upstreams-${currency.toLowerCase()}:0`;
  const occurredAt = lines.reduce(
    (latest, line) => (line.occurredAt > latest ? line.occurredAt : latest),
    '',
  );
  const calls = lines.reduce((sum, line) => sum + line.calls, 0);
  return [
    {
      id: `${batchId}:accrued`,
      type: 'UpstreamCostAccrued',
      source: 'haoli/metering',
      time: occurredAt,
      subject: bookId,
      data: {
        batchId,
        upstream,
        bookId,
        cost: { amount: Units18.toText(cost), currency },
        calls,
        occurredAt,
      },
    },
  ];
}
