import {
  bankAmount,
  type BankLine,
  type BankStatement,
  signed,
  UnreadableStatement,
} from './bank-statement.ts';

interface Field {
  readonly tag: string;
  readonly text: string;
}

/** Credit, debit, and the two that take one of them back. */
const marks = {
  C: { direction: 'credit', isReversal: false },
  D: { direction: 'debit', isReversal: false },
  RC: { direction: 'debit', isReversal: true },
  RD: { direction: 'credit', isReversal: true },
} as const;

const balancePattern = /^([CD])(\d{6})([A-Z]{3})(\d{1,15},\d{0,2})$/;
// Value date, entry date, mark, third letter of the currency, amount, type, references. Two lines at most.
const linePattern = /^(\d{6})(\d{4})?(RC|RD|C|D)([A-Z])?(\d{1,15},\d{0,2})([A-Z][A-Z0-9]{3})([^\n]*)/;

/** True where a file looks like MT940. */
export const isMt940 = (text: string): boolean => /(^|\n):20:/.test(text) && /\n:60[FM]:/.test(text);

/** Reads MT940: a message for each statement, with the bank's reference after `//` of each line. */
export function readMt940(text: string): readonly BankStatement[] {
  const messages: Field[][] = [];
  for (const field of fieldsOf(text)) {
    if (field.tag === '20') messages.push([]);
    messages.at(-1)?.push(field);
  }
  if (messages.length === 0) throw new UnreadableStatement('The file has no field :20:.');
  return messages.map(statementOf);
}

function fieldsOf(text: string): readonly Field[] {
  const fields: { tag: string; text: string }[] = [];
  for (const line of text.replaceAll('\r', '').split('\n')) {
    const match = /^:(\d\d[A-Z]?):(.*)$/.exec(line);
    if (match) fields.push({ tag: match[1] ?? '', text: match[2] ?? '' });
    else if (line === '-' || line.startsWith('-}') || line.startsWith('{')) continue;
    else if (line !== '') continued(fields, line);
  }
  return fields;
}

function continued(fields: { tag: string; text: string }[], line: string): void {
  const last = fields.at(-1);
  if (!last) throw new UnreadableStatement('The file begins in the middle of a field.');
  last.text = `${last.text}\n${line}`;
}

function statementOf(fields: readonly Field[]): BankStatement {
  const needed = (...tags: readonly string[]): string => {
    const found = fields.find(({ tag }) => tags.includes(tag));
    if (!found) throw new UnreadableStatement(`The message has no field :${tags.join(': or :')}:.`);
    return found.text;
  };
  const opening = balanceOf(needed('60F', '60M'));
  const [sequence = ''] = needed('28C', '28').split('/');
  return {
    format: 'mt940',
    account: needed('25').split('\n')[0]?.replaceAll(' ', '').split('/').at(-1) ?? '',
    currency: opening.currency,
    ...(/^\d{1,9}$/.test(sequence) ? { sequence: Number(sequence) } : {}),
    opening,
    closing: balanceOf(needed('62F', '62M')),
    lines: linesOf(fields, opening.currency),
  };
}

function balanceOf(text: string) {
  const match = balancePattern.exec(text);
  if (!match) throw new UnreadableStatement(`${text.slice(0, 40)} is no balance.`);
  const [, mark, , currency = '', amount = ''] = match;
  return signed(bankAmount(amount.replace(',', '.'), currency), mark === 'D');
}

/** What follows a line in :86: belongs to it. */
function linesOf(fields: readonly Field[], currency: string): readonly BankLine[] {
  return fields.flatMap((field, at) => {
    if (field.tag !== '61') return [];
    const next = fields[at + 1];
    return [lineOf(field.text, next?.tag === '86' ? next.text : '', currency)];
  });
}

function lineOf(text: string, info: string, currency: string): BankLine {
  const match = linePattern.exec(text);
  if (!match) throw new UnreadableStatement(`${text.slice(0, 60)} is no line of a statement.`);
  const [, valueDate = '', entryDate, mark = 'C', , amount = '', , rest = ''] = match;
  const reference = /\/\/([^\n]{1,64})/.exec(rest)?.[1]?.trim();
  return {
    ...marks[mark as keyof typeof marks],
    amount: bankAmount(amount.replace(',', '.'), currency),
    bookedOn: bookedOn(valueDate, entryDate),
    ...(reference ? { reference } : {}),
    ...partyOf(info),
  };
}

/** The entry date has no year: it is the one next to the value date. */
function bookedOn(valueDate: string, entryDate: string | undefined): string {
  const [year, month, day] = [valueDate.slice(0, 2), valueDate.slice(2, 4), valueDate.slice(4, 6)];
  if (entryDate === undefined) return `20${year}-${month}-${day}`;
  const [entryMonth, entryDay] = [entryDate.slice(0, 2), entryDate.slice(2, 4)];
  const turns = month === '12' && entryMonth === '01' ? 1 : month === '01' && entryMonth === '12' ? -1 : 0;
  return `${String(2000 + Number(year) + turns)}-${entryMonth}-${entryDay}`;
}

/** The structured form `/NAME/…/ACC/…/REMI/…`, or else all of it is the memo. */
function partyOf(info: string): Pick<BankLine, 'partyName' | 'partyAccount' | 'memo'> {
  const text = info.replaceAll('\n', '');
  const part = (word: string): string =>
    new RegExp(`/${word}/(.*?)(?=/(?:NAME|ACC|REMI|EREF|BENM|ORDP)/|$)`).exec(text)?.[1]?.trim() ?? '';
  const memo = part('REMI');
  return {
    partyName: part('NAME'),
    partyAccount: part('ACC').replaceAll(' ', ''),
    memo: memo === '' ? text : memo,
  };
}
