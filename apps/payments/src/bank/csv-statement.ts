import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { bankAmount, type BankLine, type BankStatement, UnreadableStatement } from './bank-statement.ts';

/** The names of a bank's columns, as its download has them; the operator writes them down once for each bank. */
export const CsvMapping = z.strictObject({
  encoding: z.enum(['utf-8', 'gb18030']).default('gb18030'),
  /** Lines above the header. */
  skippedLines: z.int().min(0).max(50).default(0),
  /** As `YYYY-MM-DD`, `YYYY/MM/DD` or `YYYYMMDD`; what follows the day is left. */
  date: z.string(),
  /** Money in and money out, each in a column of its own. */
  credit: z.string(),
  debit: z.string(),
  balance: z.string(),
  partyName: z.string(),
  partyAccount: z.string(),
  memo: z.array(z.string()).min(1),
  reference: z.string().optional(),
});
export type CsvMapping = z.infer<typeof CsvMapping>;

type Row = Readonly<Record<string, string>>;

/** Reads a bank's own CSV. It tells no opening balance: that follows from the first line, and every line is checked. */
export function readCsv(
  bytes: Uint8Array,
  { mapping, account, currency }: { mapping: CsvMapping; account: string; currency: string },
): readonly BankStatement[] {
  const rows = rowsOf(bytes, mapping);
  const lines = rows.map((row, at) => lineOf(row, { mapping, currency, at }));
  const [first, last] = [lines[0], lines.at(-1)];
  if (!first?.balanceAfter || !last?.balanceAfter)
    throw new UnreadableStatement('The file has no movements.');
  const opening =
    first.direction === 'credit'
      ? first.balanceAfter.minus(first.amount)
      : first.balanceAfter.plus(first.amount);
  return [{ format: 'csv', account, currency, opening, closing: last.balanceAfter, lines }];
}

function rowsOf(bytes: Uint8Array, mapping: CsvMapping): readonly Row[] {
  const text = decoded(bytes, mapping.encoding);
  const rows = read(text, mapping.skippedLines + 1);
  const wanted = [mapping.date, mapping.credit, mapping.debit, mapping.balance, mapping.partyName];
  const missing = wanted.filter((name) => rows.length > 0 && !(name in (rows[0] ?? {})));
  if (missing.length > 0) throw new UnreadableStatement(`The file has no column ${missing.join(', ')}.`);
  return rows;
}

function decoded(bytes: Uint8Array, encoding: string): string {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new UnreadableStatement(`The file is not written in ${encoding}.`);
  }
}

function read(text: string, fromLine: number): readonly Row[] {
  try {
    return parse(text, {
      from_line: fromLine,
      columns: (names: string[]) => names.map((name) => name.trim()),
      bom: true,
      trim: true,
      skip_empty_lines: true,
    });
  } catch (error) {
    throw new UnreadableStatement(`The file is no CSV: ${String(error).slice(0, 200)}`);
  }
}

function lineOf(
  row: Row,
  { mapping, currency, at }: { mapping: CsvMapping; currency: string; at: number },
): BankLine {
  const cell = (name: string | undefined): string => (name === undefined ? '' : (row[name] ?? '').trim());
  const [credit, debit] = [cell(mapping.credit), cell(mapping.debit)].map(given);
  if ((credit === undefined) === (debit === undefined))
    throw new UnreadableStatement(`Line ${String(at + 1)} must have money in or money out.`);
  const balance = cell(mapping.balance);
  const isOverdrawn = balance.startsWith('-');
  const balanceAfter = bankAmount(isOverdrawn ? balance.slice(1) : balance, currency);
  const reference = cell(mapping.reference);
  return {
    direction: credit === undefined ? 'debit' : 'credit',
    amount: bankAmount(credit ?? debit ?? '', currency),
    bookedOn: dayOf(cell(mapping.date)),
    ...(reference === '' ? {} : { reference }),
    partyName: cell(mapping.partyName),
    partyAccount: cell(mapping.partyAccount).replaceAll(' ', ''),
    memo: mapping.memo.map(cell).join(' ').trim(),
    balanceAfter: isOverdrawn ? balanceAfter.negate() : balanceAfter,
    isReversal: false,
  };
}

/** Banks leave the other column empty, or write a zero or a dash. */
const given = (text: string): string | undefined => (/^(-|0*(\.0*)?)$/.test(text) ? undefined : text);

function dayOf(text: string): string {
  const match = /^(\d{4})[-/年]?(\d\d)[-/月]?(\d\d)/.exec(text);
  if (!match) throw new UnreadableStatement(`${text.slice(0, 32)} is no day.`);
  return match.slice(1, 4).join('-');
}
