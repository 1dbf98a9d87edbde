import { createHash } from 'node:crypto';
import { log, metrics } from '@app/observability';
import { Database, newId, type Tx } from '@app/persistence';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { Audit } from '../decisions/audit.store.ts';
import { type BankAccount, BankAccounts } from './bank-accounts.ts';
import { type BankStatement, brokenChainOf, UnreadableStatement } from './bank-statement.ts';
import { BookLinesHandler, type FreshLine } from './book-lines.handler.ts';
import { fingerprintsOf } from './line-fingerprints.ts';
import { readStatement } from './read-statement.ts';
import { type KeptStatement, type NewLine, Statements } from './statement.store.ts';

/** What became of a file. */
export interface ImportedFile {
  readonly statements: readonly KeptStatement[];
  /** How many lines became what; lines of earlier files are not among them. */
  readonly lines: Readonly<Record<string, number>>;
  readonly alreadyImported: boolean;
}

const imports = metrics.counter({
  name: 'payments_bank_statements_total',
  help: 'Bank statements by bank and what became of them.',
  labels: ['bank', 'outcome'],
});

/** Takes in a bank's file: as a whole or not at all, once, and only where its balances follow from each other. */
@Injectable()
export class ImportStatementHandler {
  constructor(
    private readonly database: Database,
    private readonly statements: Statements,
    private readonly lines: BookLinesHandler,
    private readonly accounts: BankAccounts,
    private readonly audit: Audit,
  ) {}

  /** Throws a Problem where the file cannot be read; one that contradicts itself is kept in quarantine and books nothing. */
  async import(code: string, bytes: Uint8Array, importedBy: string): Promise<ImportedFile> {
    const bank = this.accounts.of(code);
    const statements = read(bytes, bank);
    const fileSha256 = createHash('sha256').update(bytes).digest('hex');
    const imported = await this.database.transaction(async (tx) => {
      await this.statements.lockBank(tx, code);
      const known = await this.statements.ofFile(tx, code, fileSha256);
      if (known.length > 0) return { statements: known, lines: {}, alreadyImported: true };
      return this.take(tx, { bank, statements, fileSha256, bytes, importedBy });
    });
    for (const { bank: of, quarantined } of imported.statements)
      imports.inc({ bank: of, outcome: quarantined === '' ? 'booked' : 'quarantined' });
    return imported;
  }

  private async take(tx: Tx, file: File): Promise<ImportedFile> {
    const { bank, fileSha256: subjectId, importedBy: actor } = file;
    const plans = await this.plansOf(tx, file);
    // A doubt about one part of a file is a doubt about the file.
    const quarantined = plans.find(({ problem }) => problem !== undefined)?.problem ?? null;
    const kept: KeptStatement[] = [];
    const booked: NewLine[] = [];
    for (const [part, { statement, fresh }] of plans.entries()) {
      const statementId = newId('stm');
      const { fileSha256, importedBy, bytes: body } = file;
      const added = {
        statementId,
        bank: bank.code,
        fileSha256,
        part,
        statement,
        quarantined,
        body,
        importedBy,
      };
      kept.push(await this.statements.insert(tx, added));
      if (quarantined === null) booked.push(...(await this.lines.book(tx, { statementId, bank }, fresh)));
    }
    if (quarantined !== null)
      log().error({ bank: bank.code, quarantined }, 'A bank statement is in quarantine');
    const action = quarantined === null ? 'import-statement' : 'quarantine-statement';
    await this.audit.add(tx, { actor, action, subjectId, detail: quarantined ?? '' });
    return { statements: kept, lines: countsOf(booked), alreadyImported: false };
  }

  /** What of each statement is new, and what speaks against it. */
  private async plansOf(tx: Tx, { bank, statements }: File): Promise<readonly Plan[]> {
    let before = await this.statements.latest(tx, bank.code);
    const plans: Plan[] = [];
    const seen = new Map<string, number>();
    for (const statement of statements) {
      const fingerprints = fingerprintsOf(statement.lines, seen);
      const known = await this.statements.known(tx, bank.code, fingerprints);
      const knownCount = fingerprints.filter((one) => known.has(one)).length;
      const problem =
        accountProblem(statement, bank) ??
        brokenChainOf(statement) ??
        sequelProblem(statement, before, knownCount);
      const fresh = statement.lines.flatMap((line, at): FreshLine[] => {
        const fingerprint = fingerprints[at] ?? '';
        return known.has(fingerprint) ? [] : [{ line, fingerprint }];
      });
      plans.push({ statement, fresh, problem });
      before = {
        ...(before ?? none),
        closing: statement.closing.toText(),
        sequence: statement.sequence ?? null,
      };
    }
    return plans;
  }
}

interface File {
  readonly bank: BankAccount;
  readonly statements: readonly BankStatement[];
  readonly fileSha256: string;
  readonly bytes: Uint8Array;
  readonly importedBy: string;
}

interface Plan {
  readonly statement: BankStatement;
  readonly fresh: readonly FreshLine[];
  readonly problem: string | undefined;
}

/** How many lines became what. */
function countsOf(lines: readonly NewLine[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { status } of lines) counts.set(status, (counts.get(status) ?? 0) + 1);
  return Object.fromEntries(counts);
}

const none = {
  statementId: '',
  bank: '',
  format: '',
  currency: '',
  opening: '',
  quarantined: '',
  importedBy: '',
  importedAt: '',
};

function accountProblem({ account, currency }: BankStatement, bank: BankAccount): string | undefined {
  if (account !== bank.account) return `it is of the account ${account}, not of ${bank.account}`;
  return currency === bank.currency ? undefined : `it is in ${currency}, the account in ${bank.currency}`;
}

/** It begins where the last one ended, or where it overlaps: after the lines that are known. */
function sequelProblem(
  statement: BankStatement,
  before: Pick<KeptStatement, 'closing' | 'sequence'> | undefined,
  knownCount: number,
): string | undefined {
  if (!before) return undefined;
  const overlap = statement.lines.slice(0, knownCount);
  const start = overlap.reduce(
    (so, { direction, amount }) => (direction === 'credit' ? so.plus(amount) : so.minus(amount)),
    statement.opening,
  );
  if (start.toText() !== before.closing)
    return `it goes on from ${start.toText()}, the last one ended with ${before.closing}`;
  const { sequence } = statement;
  if (sequence === undefined || before.sequence === null || knownCount > 0) return undefined;
  const isNext = sequence === before.sequence + 1 || sequence === 1;
  return isNext
    ? undefined
    : `its number is ${String(sequence)}, the last one was ${String(before.sequence)}`;
}

function read(bytes: Uint8Array, bank: BankAccount): readonly BankStatement[] {
  try {
    return readStatement(bytes, bank);
  } catch (error) {
    if (!(error instanceof UnreadableStatement)) throw error;
    throw new Problem({
      code: 'invalid-request',
      detail: error.message,
      field: 'content',
      remedy: 'Send the file as the bank gave it: camt.053, MT940, or the CSV that was set up for this bank.',
    });
  }
}
