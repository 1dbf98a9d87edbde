import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { z } from 'zod';
import {
  bankAmount,
  type BankLine,
  type BankStatement,
  signed,
  UnreadableStatement,
} from './bank-statement.ts';

// Versions 2 to 13 of camt.053 differ in the places where names and banks lie; what is read here is read in all of them.
const namespace = /urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.(\d\d)\b/;
const lists = new Set(['Stmt', 'Ntry', 'NtryDtls', 'TxDtls', 'Bal', 'Ustrd']);

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: true,
  // Characters that are written as numbers.
  htmlEntities: true,
  isArray: (name) => lists.has(name),
});

const Text = z.union([z.string(), z.object({ '#text': z.string() }).transform((node) => node['#text'])]);
const Amount = z.object({ '#text': z.string(), '@Ccy': z.string().length(3) });
const Indicator = z.enum(['CRDT', 'DBIT']);
const Party = z.object({ Nm: Text.optional(), Pty: z.object({ Nm: Text.optional() }).optional() }).optional();
const Account = z
  .object({ Id: z.object({ IBAN: Text.optional(), Othr: z.object({ Id: Text }).optional() }) })
  .optional();

const Details = z.object({
  Refs: z.object({ AcctSvcrRef: Text.optional(), EndToEndId: Text.optional() }).optional(),
  Amt: Amount.optional(),
  AmtDtls: z.object({ TxAmt: z.object({ Amt: Amount }).optional() }).optional(),
  CdtDbtInd: Indicator.optional(),
  RltdPties: z
    .object({ Dbtr: Party, DbtrAcct: Account, Cdtr: Party, CdtrAcct: Account })
    .partial()
    .optional(),
  RmtInf: z.object({ Ustrd: z.array(Text).optional() }).optional(),
});
type Details = z.infer<typeof Details>;

const Entry = z.object({
  Amt: Amount,
  CdtDbtInd: Indicator,
  RvslInd: Text.optional(),
  /** A word in old versions, a code in new ones. */
  Sts: z.union([z.string(), z.object({ Cd: z.string() }).transform(({ Cd }) => Cd)]),
  BookgDt: z.object({ Dt: Text.optional(), DtTm: Text.optional() }),
  AcctSvcrRef: Text.optional(),
  NtryDtls: z.array(z.object({ TxDtls: z.array(Details).optional() })).optional(),
  AddtlNtryInf: Text.optional(),
});
type Entry = z.infer<typeof Entry>;

const Balance = z.object({
  Tp: z.object({ CdOrPrtry: z.object({ Cd: Text.optional() }) }),
  Amt: Amount,
  CdtDbtInd: Indicator,
});
const Statement = z.object({
  ElctrncSeqNb: Text.optional(),
  Acct: z.object({
    Id: z.object({ IBAN: Text.optional(), Othr: z.object({ Id: Text }).optional() }),
    Ccy: Text.optional(),
  }),
  Bal: z.array(Balance),
  Ntry: z.array(Entry).optional(),
});
const Document = z.object({
  Document: z.object({
    '@xmlns': z.string().optional(),
    BkToCstmrStmt: z.object({ Stmt: z.array(Statement) }),
  }),
});

/** True where a file looks like camt.053. */
export const isCamt053 = (text: string): boolean => namespace.test(text.slice(0, 4_000));

/** Reads camt.053: what is booked, not what is pending. A file with a document type of its own is refused unread. */
export function readCamt053(text: string): readonly BankStatement[] {
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) throw new UnreadableStatement('The file declares a document type.');
  const version = namespace.exec(text)?.[1] ?? '00';
  const document = Document.safeParse(parsedXml(text));
  if (!document.success) throw new UnreadableStatement(z.prettifyError(document.error).slice(0, 2_000));
  return document.data.Document.BkToCstmrStmt.Stmt.map((statement) => statementOf(statement, version));
}

function parsedXml(text: string): unknown {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- its successor is a package of its own; this one is still kept.
  const fault = XMLValidator.validate(text);
  if (fault !== true) throw new UnreadableStatement(`The file is no XML: ${fault.err.msg.slice(0, 200)}`);
  return parser.parse(text) as unknown;
}

function statementOf(statement: z.infer<typeof Statement>, version: string): BankStatement {
  const opening = balanceOf(statement, ['OPBD', 'PRCD']);
  const closing = balanceOf(statement, ['CLBD']);
  const booked = (statement.Ntry ?? []).filter(({ Sts: status }) => status === 'BOOK');
  const account = statement.Acct.Id.IBAN ?? statement.Acct.Id.Othr?.Id;
  if (account === undefined) throw new UnreadableStatement('The statement names no account.');
  const sequence = statement.ElctrncSeqNb;
  return {
    format: `camt.053.001.${version}`,
    account: account.replaceAll(' ', ''),
    currency: opening.currency,
    ...(sequence === undefined ? {} : { sequence: Number(sequence) }),
    opening,
    closing,
    lines: booked.flatMap(linesOf),
  };
}

function balanceOf({ Bal: balances }: z.infer<typeof Statement>, codes: readonly string[]) {
  const found = balances.find(({ Tp: type }) => codes.includes(type.CdOrPrtry.Cd ?? ''));
  if (!found) throw new UnreadableStatement(`The statement has no balance ${codes.join(' or ')}.`);
  return signed(bankAmount(found.Amt['#text'], found.Amt['@Ccy']), found.CdtDbtInd === 'DBIT');
}

/** A batch is as many lines as it has parts, which must come to its amount. */
function linesOf(entry: Entry): readonly BankLine[] {
  const parts = (entry.NtryDtls ?? []).flatMap(({ TxDtls: details }) => details ?? []);
  const total = bankAmount(entry.Amt['#text'], entry.Amt['@Ccy']);
  if (parts.length <= 1) return [lineOf(entry, parts[0], total)];
  const lines = parts.map((part) => {
    const amount = part.Amt ?? part.AmtDtls?.TxAmt?.Amt;
    if (!amount) throw new UnreadableStatement('A part of a batch tells no amount.');
    return lineOf(entry, part, bankAmount(amount['#text'], amount['@Ccy']));
  });
  const sum = lines.slice(1).reduce((so, { amount }) => so.plus(amount), lines[0]?.amount ?? total);
  if (!sum.equals(total))
    throw new UnreadableStatement(`A batch of ${total.toString()} has parts of ${sum.toString()}.`);
  return lines;
}

function lineOf(entry: Entry, part: Details | undefined, amount: BankLine['amount']): BankLine {
  const direction = entry.CdtDbtInd === 'CRDT' ? 'credit' : 'debit';
  const reference = part?.Refs?.AcctSvcrRef ?? entry.AcctSvcrRef;
  const parties = part?.RltdPties ?? {};
  const isCredit = direction === 'credit';
  return {
    direction,
    amount,
    bookedOn: dayOf(entry),
    ...(reference === undefined ? {} : { reference }),
    partyName: nameOf(isCredit ? parties.Dbtr : parties.Cdtr),
    partyAccount: numberOf(isCredit ? parties.DbtrAcct : parties.CdtrAcct),
    memo: memoOf(entry, part),
    isReversal: entry.RvslInd === 'true',
  };
}

const dayOf = ({ BookgDt: booked }: Entry): string => (booked.Dt ?? booked.DtTm ?? '').slice(0, 10);

const nameOf = (party: z.infer<typeof Party>): string => party?.Nm ?? party?.Pty?.Nm ?? '';

const numberOf = (account: z.infer<typeof Account>): string =>
  (account?.Id.IBAN ?? account?.Id.Othr?.Id ?? '').replaceAll(' ', '');

const memoOf = (entry: Entry, part: Details | undefined): string =>
  [...(part?.RmtInf?.Ustrd ?? []), entry.AddtlNtryInf ?? ''].filter((text) => text !== '').join(' ');
