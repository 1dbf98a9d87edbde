import { type Event, topics } from '@app/contracts';
import { newId, Outbox, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { TopUps, type Transfer } from '../top-ups/top-up.store.ts';
import { type BankAccount, BankAccounts } from './bank-accounts.ts';
import { type BankLine, startOfDay } from './bank-statement.ts';
import { Companies } from './company.store.ts';
import { type ConfirmedPayout, ConfirmPayoutsHandler } from './confirm-payouts.handler.ts';
import { matchLine, type MatchTerms } from './match-line.ts';
import { suspenseReceived, transferSettled } from './money-news.ts';
import { OpenLines } from './open-line.store.ts';
import { type Payout, Payouts } from './payout.store.ts';
import { codesIn } from './remittance-code.ts';
import { type NewLine, Statements } from './statement.store.ts';
import { type NewSuspense, Suspenses } from './suspense.store.ts';

/** A movement that is in no earlier file. */
export interface FreshLine {
  readonly line: BankLine;
  readonly fingerprint: string;
}

/** What a line comes to, and what that makes. */
interface Booked {
  readonly row: NewLine;
  readonly transfer?: Transfer;
  readonly suspense?: NewSuspense;
  readonly payout?: ConfirmedPayout;
  readonly news?: Event;
}

interface Known {
  readonly bank: BankAccount;
  readonly terms: MatchTerms;
  /** As they are after the lines before. */
  readonly payouts: Map<string, Payout>;
}

/** Books the movements of a statement: credits what is certain, suspends what is not, confirms payouts, leaves the rest open. */
@Injectable()
export class BookLinesHandler {
  constructor(
    private readonly statements: Statements,
    private readonly openLines: OpenLines,
    private readonly companies: Companies,
    private readonly suspenses: Suspenses,
    private readonly payouts: Payouts,
    private readonly confirming: ConfirmPayoutsHandler,
    private readonly topUps: TopUps,
    private readonly outbox: Outbox,
    private readonly accounts: BankAccounts,
  ) {}

  async book(
    tx: Tx,
    statement: { readonly statementId: string; readonly bank: BankAccount },
    fresh: readonly FreshLine[],
  ): Promise<readonly NewLine[]> {
    const known = await this.known(tx, statement.bank, fresh);
    const booked = fresh.map((one) => {
      const made = bookedOf(one, known);
      // It leaves once: another debit with its number is money that is gone, and a person looks.
      if (made.payout)
        known.payouts.set(made.payout.payout.number, { ...made.payout.payout, status: 'paid' });
      return made;
    });
    const rows = booked.map(({ row }) => row);
    await this.statements.insertLines(
      tx,
      { statementId: statement.statementId, bank: statement.bank.code },
      rows,
    );
    await this.topUps.insertTransfers(
      tx,
      booked.flatMap(({ transfer }) => transfer ?? []),
    );
    await this.suspenses.insert(
      tx,
      booked.flatMap(({ suspense }) => suspense ?? []),
    );
    await this.outbox.add(
      tx,
      topics.topUps.name,
      booked.flatMap(({ news }) => news ?? []),
    );
    await this.payouts.bounced(tx, bouncedIn(fresh, known));
    return this.opened(tx, booked);
  }

  /** Reversals say what they take back, and a payout that should not have left is open again for people. */
  private async opened(tx: Tx, booked: readonly Booked[]): Promise<readonly NewLine[]> {
    const reversals = booked.filter(({ row }) => row.direction === 'debit' && row.reason === 'reversal');
    await this.openLines.nameReversed(
      tx,
      reversals.map(({ row }) => row.lineId),
    );
    const doubted = await this.confirming.confirm(
      tx,
      booked.flatMap(({ payout }) => payout ?? []),
    );
    await this.openLines.question(tx, doubted);
    const doubts = new Map(doubted.map(({ lineId, reason }) => [lineId, reason]));
    return booked.map(({ row }) => {
      const reason = doubts.get(row.lineId);
      return reason === undefined ? row : { ...row, status: 'unexplained', reason };
    });
  }

  private async known(tx: Tx, bank: BankAccount, fresh: readonly FreshLine[]): Promise<Known> {
    const memos = fresh.map(({ line }) => line.memo);
    const companies = await this.companies.ofCodes(
      tx,
      memos.flatMap((memo) => codesIn(memo)),
    );
    const payouts = await this.payouts.lock(
      tx,
      bank.code,
      memos.flatMap((memo) => codesIn(memo, 'PY')),
    );
    const { automaticBelow } = this.accounts;
    return {
      bank,
      payouts: new Map(payouts),
      terms: { companies, currency: bank.currency, minimum: '1', automaticBelow },
    };
  }
}

/** What has left and came back whole. A payee who sends anything with the number of a payout says nothing about it. */
function bouncedIn(fresh: readonly FreshLine[], { payouts }: Known): readonly string[] {
  return fresh
    .filter(({ line }) => line.direction === 'credit')
    .flatMap(({ line: { memo, amount } }) =>
      codesIn(memo, 'PY').filter((number) => {
        const payout = payouts.get(number);
        return payout?.status === 'paid' && payout.amount === amount.toText();
      }),
    );
}

function bookedOf({ line, fingerprint }: FreshLine, known: Known): Booked {
  const row: NewLine = {
    ...{ lineId: newId('line'), direction: line.direction, fingerprint },
    ...{ amount: line.amount.toText(), currency: line.amount.currency },
    ...{ bookedOn: line.bookedOn, reference: line.reference ?? null, memo: line.memo },
    ...{ partyName: line.partyName, partyAccount: line.partyAccount },
    status: 'unexplained',
    ...{ reason: null, customerId: null, subjectId: null },
  };
  return line.direction === 'debit' ? debited(line, row, known) : credited(line, row, known);
}

/** A debit is ours only where it carries the number, the amount and the account of a payout that we filed. */
function debited(line: BankLine, row: NewLine, { payouts }: Known): Booked {
  const [number] = codesIn(line.memo, 'PY');
  const payout = number === undefined ? undefined : payouts.get(number);
  if (!payout) return { row: line.isReversal ? { ...row, reason: 'reversal' } : row };
  const isIt =
    payout.status === 'filed' &&
    payout.amount === row.amount &&
    payout.currency === row.currency &&
    (row.partyAccount === '' || row.partyAccount === payout.payeeAccount);
  if (!isIt) return { row: { ...row, reason: 'payout-differs', subjectId: payout.number } };
  const { lineId } = row;
  const confirmed = {
    payout,
    lineId,
    reference: line.reference ?? lineId,
    paidAt: startOfDay(line.bookedOn),
  };
  return { row: { ...row, status: 'paid_out', subjectId: payout.number }, payout: confirmed };
}

function credited(line: BankLine, row: NewLine, known: Known): Booked {
  const { bank, terms, payouts } = known;
  // A payer's name is anybody's words: "constructor" is no channel.
  const channel = Object.hasOwn(bank.settlementPayers, line.partyName)
    ? bank.settlementPayers[line.partyName]
    : undefined;
  if (channel !== undefined) return { row: { ...row, status: 'settlement', reason: channel } };
  if (codesIn(line.memo, 'PY').some((number) => payouts.has(number)))
    return suspended(line, row, { bank, reason: 'bounced-payout', customerId: null });
  const matched = matchLine(line, terms);
  if (matched.kind === 'automatic') return settled(line, row, { bank, customerId: matched.customerId });
  const customerId = matched.kind === 'review' ? matched.customerId : null;
  return suspended(line, row, { bank, reason: matched.reason, customerId });
}

function settled(
  line: BankLine,
  row: NewLine,
  { bank, customerId }: { bank: BankAccount; customerId: string },
): Booked {
  const topUpId = newId('top');
  // Not the bank's reference, which stands in the line: some banks give one to all parts of a batch.
  const [paidAt, reference] = [startOfDay(line.bookedOn), row.lineId];
  const { amount, currency } = row;
  const channel = bank.code;
  return {
    row: { ...row, status: 'credited', customerId, subjectId: topUpId },
    transfer: { topUpId, customerId, channel, amount, currency, reference, paidAt },
    news: transferSettled({ topUpId, customerId, channel, amount: line.amount, reference, paidAt }),
  };
}

function suspended(
  line: BankLine,
  row: NewLine,
  { bank, reason, customerId }: { bank: BankAccount; reason: string; customerId: string | null },
): Booked {
  const suspenseId = newId('sus');
  const receivedAt = startOfDay(line.bookedOn);
  const { amount, currency, partyName, partyAccount } = row;
  const channel = bank.code;
  return {
    row: { ...row, status: 'suspense', reason, customerId, subjectId: suspenseId },
    suspense: {
      ...{ suspenseId, channel, sourceId: row.lineId, amount, currency, reason, customerId },
      ...{ partyName, partyAccount, receivedAt },
    },
    news: suspenseReceived({ suspenseId, channel, amount: line.amount, occurredAt: receivedAt }),
  };
}
