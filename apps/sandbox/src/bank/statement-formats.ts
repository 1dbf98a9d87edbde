import { encodeGb18030 } from './gb18030.ts';
import type { BookedStatement, Movement } from './bank-book.ts';

// Written from the documented formats, apart from whoever reads them.

/** The formats that banks give statements in. */
export const statementFormats = {
  'camt.053.001.02': (statement: BookedStatement) => Buffer.from(camt(statement, '02')),
  'camt.053.001.08': (statement: BookedStatement) => Buffer.from(camt(statement, '08')),
  mt940: (statement: BookedStatement) => Buffer.from(mt940(statement)),
  csv: (statement: BookedStatement) => encodeGb18030(csv(statement)),
} as const;
export type StatementFormat = keyof typeof statementFormats;

const yuan = (fen: number): string => {
  const text = String(Math.abs(fen)).padStart(3, '0');
  return `${text.slice(0, -2)}.${text.slice(-2)}`;
};
const escaped = (text: string): string => text.replace(/[&<>"]/g, (one) => `&#${String(one.charCodeAt(0))};`);

function camt(
  { account, sequence, openingFen, closingFen, movements }: BookedStatement,
  version: '02' | '08',
): string {
  const balance = (code: string, fen: number) =>
    `<Bal><Tp><CdOrPrtry><Cd>${code}</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">${yuan(fen)}</Amt>` +
    `<CdtDbtInd>${fen < 0 ? 'DBIT' : 'CRDT'}</CdtDbtInd><Dt><Dt>2026-11-22</Dt></Dt></Bal>`;
  const entries = movements.map((movement) => camtEntry(movement, version)).join('');
  return (
    `<?xml version="1.0" encoding="UTF-8"?>` +
    `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.${version}"><BkToCstmrStmt>` +
    `<GrpHdr><MsgId>M${String(sequence)}</MsgId><CreDtTm>2026-11-22T20:00:00</CreDtTm></GrpHdr>` +
    `<Stmt><Id>S${String(sequence)}</Id><ElctrncSeqNb>${String(sequence)}</ElctrncSeqNb>` +
    `<Acct><Id><Othr><Id>${account}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>` +
    `${balance('OPBD', openingFen)}${balance('CLBD', closingFen)}${entries}</Stmt></BkToCstmrStmt></Document>`
  );
}

function camtEntry(movement: Movement, version: '02' | '08'): string {
  const isCredit = movement.direction === 'credit';
  const role = isCredit ? 'Dbtr' : 'Cdtr';
  const name = `<Nm>${escaped(movement.partyName)}</Nm>`;
  const party = version === '02' ? name : `<Pty>${name}</Pty>`;
  const status = version === '02' ? 'BOOK' : '<Cd>BOOK</Cd>';
  return (
    `<Ntry><Amt Ccy="CNY">${yuan(movement.fen)}</Amt><CdtDbtInd>${isCredit ? 'CRDT' : 'DBIT'}</CdtDbtInd>` +
    (movement.isReversal ? '<RvslInd>true</RvslInd>' : '') +
    `<Sts>${status}</Sts><BookgDt><Dt>${movement.bookedOn}</Dt></BookgDt><ValDt><Dt>${movement.bookedOn}</Dt></ValDt>` +
    `<AcctSvcrRef>${movement.reference}</AcctSvcrRef><BkTxCd><Prtry><Cd>TRF</Cd></Prtry></BkTxCd>` +
    `<NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs><RltdPties><${role}>${party}</${role}>` +
    `<${role}Acct><Id><Othr><Id>${movement.partyAccount}</Id></Othr></Id></${role}Acct></RltdPties>` +
    `<RmtInf><Ustrd>${escaped(movement.memo)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>`
  );
}

function mt940({ account, sequence, openingFen, closingFen, movements }: BookedStatement): string {
  const day = (text: string) => text.replaceAll('-', '').slice(2);
  const balance = (fen: number) => `${fen < 0 ? 'D' : 'C'}261122CNY${yuan(fen).replace('.', ',')}`;
  const lines = movements.flatMap((one) => [
    `:61:${day(one.bookedOn)}${day(one.bookedOn).slice(2)}${markOf(one)}` +
      `${yuan(one.fen).replace('.', ',')}NTRFNONREF//${one.reference}`,
    `:86:/NAME/${one.partyName}/ACC/${one.partyAccount}/REMI/${one.memo}`,
  ]);
  const head = [':20:HAOLI', `:25:${account}`, `:28C:${String(sequence)}/1`, `:60F:${balance(openingFen)}`];
  return [...head, ...lines, `:62F:${balance(closingFen)}`, '-', ''].join('\r\n');
}

/** A reversal is named for what it takes back: `RC` is a debit, because it takes a credit back. */
const markOf = ({ direction, isReversal }: Movement): string => {
  if (isReversal) return direction === 'debit' ? 'RC' : 'RD';
  return direction === 'credit' ? 'C' : 'D';
};

/** As a Chinese bank's download: money in and money out in columns of their own, the balance on every line. */
function csv({ movements }: BookedStatement): string {
  const header = '交易日期,贷方金额,借方金额,余额,对方户名,对方账号,摘要,附言,交易流水号';
  const rows = movements.map((one) => {
    const [credit, debit] = one.direction === 'credit' ? [yuan(one.fen), ''] : ['', yuan(one.fen)];
    const balance = `${one.balanceFen < 0 ? '-' : ''}${yuan(one.balanceFen)}`;
    const words = [one.partyName, one.partyAccount, '转账', one.memo, one.reference];
    return [one.bookedOn.replaceAll('-', ''), credit, debit, balance, ...words].map(cell).join(',');
  });
  return `${[header, ...rows].join('\r\n')}\r\n`;
}

const cell = (text: string): string => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
