import { topics } from '@app/contracts';
import { Money } from '@app/money';
import { Outbox, type Tx } from '@app/persistence';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { Clock } from '../clock.ts';
import type { DecidedBy, ProposedAction } from '../decisions/proposal.ts';
import { TopUps } from '../top-ups/top-up.store.ts';
import { startOfDay } from './bank-statement.ts';
import { externalRefund, suspenseReturned } from './money-news.ts';
import { type LineResolution, type OpenLine, OpenLines } from './open-line.store.ts';
import { Suspenses } from './suspense.store.ts';

type ForcedRefund = Extract<ProposedAction, { kind: 'book-forced-refund' }>;
type SuspenseLeft = Extract<ProposedAction, { kind: 'book-suspense-left' }>;
/** What people may do about a line that nobody can explain. */
export type ResolveLine = Extract<ProposedAction, { kind: 'explain-line' }> | ForcedRefund | SuspenseLeft;

/** What two people decide about a movement on our bank account that no order, payout or settlement explains. */
@Injectable()
export class ResolveLineHandler {
  constructor(
    private readonly lines: OpenLines,
    private readonly topUps: TopUps,
    private readonly suspenses: Suspenses,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** Throws a Problem where the line is not open, or the money is not what is said of it. */
  async resolve(tx: Tx, action: ResolveLine, { proposalId }: DecidedBy): Promise<void> {
    const line = await this.lines.lock(tx, action.lineId);
    if (!line) throw new Problem({ code: 'not-found', field: 'lineId', detail: 'There is no such line.' });
    if (line.status !== 'unexplained')
      throw conflict('lineId', `The line is not open: it is ${line.status}.`);
    const resolution = await this.book(tx, line, action);
    await this.lines.resolve(tx, line.lineId, { resolution, proposalId, at: this.clock.now() });
  }

  private async book(tx: Tx, line: OpenLine, action: ResolveLine): Promise<LineResolution> {
    if (action.kind === 'explain-line') return 'explained';
    if (line.direction !== 'debit') throw conflict('lineId', 'Nothing left with this line: money came in.');
    if (action.kind === 'book-suspense-left') {
      await this.leaveSuspense(tx, line, action);
      return 'suspense-left';
    }
    await this.chargeBack(tx, line, action);
    return 'forced-refund';
  }

  /** The customers have had the money: their wallets give what they have, and the ledger books the rest as a shortfall. */
  private async chargeBack(tx: Tx, line: OpenLine, { parts }: ForcedRefund): Promise<void> {
    const { lineId, bank: channel, currency } = line;
    const total = parts.reduce(
      (sum, part) => sum.plus(Money.of(part.amount, currency)),
      Money.zero(currency),
    );
    if (!total.equals(amountOf(line)))
      throw conflict('parts', `The parts come to ${total.toText()}, and ${line.amount} left.`);
    for (const [index, part] of [...parts.entries()].sort(byTopUp)) {
      const amount = Money.of(part.amount, currency);
      const customerId = await this.payerOf(tx, part.topUpId, amount);
      const news = externalRefund({
        externalRefundId: `ext_${lineId}.${String(index + 1)}`,
        ...{ topUpId: part.topUpId, customerId, channel, amount, occurredAt: startOfDay(line.bookedOn) },
      });
      await this.outbox.add(tx, topics.refunds.name, [news]);
    }
  }

  private async payerOf(tx: Tx, topUpId: string, amount: Money): Promise<string> {
    const order = await this.topUps.lock(tx, topUpId);
    const paid = order?.state.payment?.paid;
    if (!order || !paid) throw conflict('parts', `${topUpId} is no payment that credited a customer here.`);
    if (paid.currency !== amount.currency || !amount.isPositive() || amount.compare(paid) > 0)
      throw conflict('parts', `${topUpId} was a payment of ${paid.toString()}.`);
    return order.state.customerId;
  }

  /** What the bank took back was nobody's yet. */
  private async leaveSuspense(tx: Tx, line: OpenLine, { suspenseId }: SuspenseLeft): Promise<void> {
    const [amount, found] = [amountOf(line), await this.suspenses.lock(tx, suspenseId)];
    const isThere =
      found?.channel === line.bank &&
      (await this.suspenses.take(tx, suspenseId, { as: 'returning', amount }));
    if (!isThere) throw conflict('suspenseId', 'There is not that much of it in suspense at this bank.');
    await this.suspenses.endReturn(tx, suspenseId, { arrived: true, amount });
    const occurredAt = startOfDay(line.bookedOn);
    await this.outbox.add(tx, topics.topUps.name, [
      suspenseReturned({ suspenseId, number: line.lineId, channel: line.bank, amount, occurredAt }),
    ]);
  }
}

type Part = readonly [number, ForcedRefund['parts'][number]];
/** Orders are locked in one order, whatever the proposal's. */
const byTopUp = ([, one]: Part, [, other]: Part): number => (one.topUpId < other.topUpId ? -1 : 1);

const amountOf = ({ amount, currency }: OpenLine): Money => Money.of(amount, currency);

const conflict = (field: string, detail: string): Problem =>
  new Problem({
    code: 'conflict',
    field,
    detail,
    remedy: 'Look at the line in GET /v1/banks/{bank}/open-lines, and propose again.',
  });
