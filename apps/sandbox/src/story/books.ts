import type { LedgerApi } from '@app/contracts';
import type { GrpcApi } from '@app/transport';
import { mustBe } from './checks.ts';
import type { Narrator } from './narrator.ts';

type Ledger = GrpcApi<LedgerApi.Ledger>;

/** A rebuild reads every entry there is. */
const rebuildTimeoutMs = 120_000;
const pageSize = 500;

/** All entries of a book, in order. */
export async function entriesOf(ledger: Ledger, bookId: string): Promise<LedgerApi.Entry[]> {
  const entries: LedgerApi.Entry[] = [];
  for (let cursor = ''; ;) {
    const page = await ledger.ListEntries({ bookId, pageSize, cursor });
    entries.push(...page.entries);
    if (page.nextCursor === '') return entries;
    cursor = page.nextCursor;
  }
}

/** Prints a book: each entry, its postings, and the wallet after it. */
export function showJournal(narrator: Narrator, entries: readonly LedgerApi.Entry[]): void {
  const rows = entries.flatMap(({ version, kind, postings, paidAfter, heldAfter }) => {
    const [first, ...more] = postings;
    return [
      [version, kind, first ? movementOf(first) : '', first?.amount ?? '', paidAfter, heldAfter],
      ...more.map((posting) => ['', '', movementOf(posting), posting.amount, '', '']),
    ];
  });
  narrator.table([['#', 'entry', 'debit → credit', 'amount', 'wallet', 'held'], ...rows]);
}

/** A wallet's own name is long and, inside its own book, no news. */
const movementOf = ({ debit, credit }: LedgerApi.Posting): string =>
  `${debit} → ${credit}`.replaceAll(/wallet:[^:]+:/g, 'wallet:');

/** Prints the trial balance and ends the story where it is not zero. */
export async function showTrialBalance(narrator: Narrator, ledger: Ledger): Promise<void> {
  const { lines, totals } = await ledger.GetTrialBalance({});
  const byAccount = new Map<string, LedgerApi.TrialBalanceLine>();
  for (const line of lines) byAccount.set(line.account, line);
  narrator.table([
    ['account', 'debit', 'credit'],
    ...[...byAccount.values()].map(({ account, debit, credit }) => [account, debit, credit]),
    ...totals.map(({ currency, debit, credit }) => [`total ${currency}`, debit, credit]),
  ]);
  for (const { currency, difference } of totals) mustBe(`the trial balance in ${currency}`, difference, '0');
  narrator.done('The trial balance is zero', totals.map(({ currency }) => currency).join(', '));
}

/** Rebuilds the ledger from its journal and ends the story where the figures are not the live ones. */
export async function rebuild(narrator: Narrator, ledger: Ledger): Promise<void> {
  const report = await narrator.step('The ledger is rebuilt from the journal', () =>
    ledger.Rebuild({}, { timeoutMs: rebuildTimeoutMs }),
  );
  narrator.fact('books, entries, postings', `${report.books}, ${report.entries}, ${report.postings}`);
  narrator.fact('took', `${report.durationMs} ms`);
  mustBe(
    `the rebuilt figures (${report.firstDifference || 'no difference named'}) agree`,
    report.agrees,
    true,
  );
  mustBe('the hash chain is whole', report.chainVerified, true);
  narrator.done('Rebuilt and live figures are the same, to the last digit');
}
