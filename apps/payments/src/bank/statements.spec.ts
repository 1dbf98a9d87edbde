import { Money } from '@app/money';
import { describe, expect, it } from '@jest/globals';
import { bankAmount, brokenChainOf, UnreadableStatement } from './bank-statement.ts';
import { fingerprintsOf } from './line-fingerprints.ts';
import { readStatement } from './read-statement.ts';

const csv = {
  encoding: 'gb18030' as const,
  skippedLines: 1,
  ...{ date: '交易时间', credit: '收入', debit: '支出', balance: '余额' },
  ...{ partyName: '对方户名', partyAccount: '对方账号', memo: ['附言', '用途'], reference: '流水号' },
};
const bank = { account: '62220001', currency: 'CNY', csv };
const cny = (text: string) => Money.of(text, 'CNY');
const read = (text: string | Uint8Array, as: Parameters<typeof readStatement>[1] = bank) =>
  readStatement(typeof text === 'string' ? Buffer.from(text) : text, as);

const balance = (code: string, amount: string, side = 'CRDT') =>
  `<Bal><Tp><CdOrPrtry><Cd>${code}</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">${amount}</Amt><CdtDbtInd>${side}</CdtDbtInd></Bal>`;
const camt = (entries: string, version = '08', closing = '90071992547410.03') =>
  `<?xml version="1.0"?><d:Document xmlns:d="urn:iso:std:iso:20022:tech:xsd:camt.053.001.${version}"><d:BkToCstmrStmt>` +
  `<d:Stmt><d:ElctrncSeqNb>7</d:ElctrncSeqNb><d:Acct><d:Id><d:Othr><d:Id>62220001</d:Id></d:Othr></d:Id></d:Acct>` +
  `${balance('OPBD', '0.10')}${balance('CLBD', closing)}${entries}</d:Stmt></d:BkToCstmrStmt></d:Document>`;
const party = (name: string, version: string) =>
  version === '02' ? `<Nm>${name}</Nm>` : `<Pty><Nm>${name}</Nm></Pty>`;
const status = (version: string) => (version === '02' ? 'BOOK' : '<Cd>BOOK</Cd>');
const entry = (version = '08', more = '') =>
  `<Ntry><Amt Ccy="CNY">90071992547409.93</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>${status(version)}</Sts>` +
  `<BookgDt><Dt>2026-11-22</Dt></BookgDt><AcctSvcrRef>R1</AcctSvcrRef>${more}<NtryDtls><TxDtls><RltdPties>` +
  `<Dbtr>${party('上海&#38;示例', version)}</Dbtr><DbtrAcct><Id><Othr><Id>6217 0001</Id></Othr></Id></DbtrAcct></RltdPties>` +
  `<RmtInf><Ustrd>TP00</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>`;

const line = {
  direction: 'credit',
  amount: cny('90071992547409.93'),
  bookedOn: '2026-11-22',
  reference: 'R1',
  partyName: '上海&示例',
  partyAccount: '62170001',
  memo: 'TP00',
  isReversal: false,
};

describe('camt.053', () => {
  it.each(['02', '08', '13'])('version %s is read into the same lines, exactly', (version) => {
    const [statement] = read(camt(entry(version === '02' ? '02' : '08'), version));
    expect(statement).toMatchObject({ account: '62220001', currency: 'CNY', sequence: 7, lines: [line] });
    expect(statement && brokenChainOf(statement)).toBeUndefined();
  });

  it('leaves out what is pending, and knows what is taken back', () => {
    const pending = entry().replace('BOOK', 'PDNG');
    const [statement] = read(camt(pending + entry('08', '<RvslInd>true</RvslInd>')));
    expect(statement?.lines).toMatchObject([{ isReversal: true }]);
  });

  it('of a batch has a line for each part, which must come to its amount', () => {
    const part = (amount: string) => `<TxDtls><Amt Ccy="CNY">${amount}</Amt></TxDtls>`;
    const batch = (second: string) =>
      `<Ntry><Amt Ccy="CNY">30</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-11-22</Dt></BookgDt>` +
      `<AcctSvcrRef>B1</AcctSvcrRef><NtryDtls>${part('10')}${part(second)}</NtryDtls></Ntry>`;
    expect(read(camt(batch('20')))[0]?.lines.map(({ amount }) => amount.toText())).toEqual(['10', '20']);
    expect(() => read(camt(batch('19')))).toThrow('parts of 29');
  });

  it.each([
    ['<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>', 'document type'],
    ['<Ntry>', 'XML'],
    ['<Ntry><Amt Ccy="CNY">1</Amt></Ntry>', 'CdtDbtInd'],
    [entry().replace('90071992547409.93', '1.005'), 'two decimals'],
  ])('with %.40s is refused', (entries, reason) => {
    expect(() => read(camt(entries))).toThrow(UnreadableStatement);
    expect(() => read(camt(entries))).toThrow(reason);
  });
});

describe('MT940', () => {
  const mt940 = (lines: string) =>
    `:20:X\r\n:25:BANK/62220001\r\n:28C:7/1\r\n:60F:C261121CNY0,10\r\n${lines}\r\n:62F:C261122CNY90071992547410,03\r\n-`;

  it('is read into the same lines', () => {
    const text = mt940(
      ':61:2611221122C90071992547409,93NTRFNONREF//R1\r\n:86:/NAME/上海&示例/ACC/6217 0001/REMI/TP\r\n00',
    );
    const [statement] = read(text);
    expect(statement).toMatchObject({ account: '62220001', sequence: 7, lines: [line] });
    expect(statement && brokenChainOf(statement)).toBeUndefined();
  });

  it.each([
    ['RC', 'debit', true],
    ['RD', 'credit', true],
    ['D', 'debit', false],
  ])('knows the mark %s', (mark, direction, isReversal) => {
    const [statement] = read(mt940(`:61:261122${mark}1,NTRFNONREF`));
    expect(statement?.lines).toMatchObject([{ direction, isReversal, amount: cny('1'), memo: '' }]);
  });

  it('gives a line that was booked after the turn of the year its year', () => {
    const booked = (dates: string) => read(mt940(`:61:${dates}C1,NTRFNONREF`))[0]?.lines[0]?.bookedOn;
    expect(booked('2612310101')).toBe('2027-01-01');
    expect(booked('2701021231')).toBe('2026-12-31');
  });

  it.each([':61:nonsense', ':61:261122C1,234NTRF'])('with %s is refused', (lines) => {
    expect(() => read(mt940(lines))).toThrow(UnreadableStatement);
  });
});

describe('a bank’s own CSV', () => {
  // 交易时间,收入,支出,余额,对方户名,对方账号,附言,用途,流水号 in GB 18030, made by iconv.
  const header =
    'bdbbd2d7cab1bce42ccad5c8eb2cd6a7b3f62cd3e0b6ee2cb6d4b7bdbba7c3fb2cb6d4b7bdd5cbbac52cb8bdd1d42cd3c3cdbe2cc1f7cbaebac5';
  const file = (rows: string) =>
    Buffer.concat([Buffer.from('title\r\n'), Buffer.from(header, 'hex'), Buffer.from(`\r\n${rows}`)]);

  it('is read by its mapping, in its encoding', () => {
    const [statement] = read(
      file('2026-11-22 10:00,"90,071,992,547,409.93",0.00,90071992547410.03,ACME,62170001,TP00,pay,R1\r\n'),
    );
    expect(statement).toMatchObject({
      account: '62220001',
      opening: cny('0.1'),
      closing: cny('90071992547410.03'),
    });
    expect(statement?.lines).toMatchObject([{ ...line, partyName: 'ACME', memo: 'TP00 pay' }]);
  });

  it('whose balances do not follow from each other is told', () => {
    const [statement] = read(file('20261122,10,,10,A,1,m,,\r\n20261122,,3,8,B,2,m,,\r\n'));
    expect(statement && brokenChainOf(statement)).toBe('line 2 comes to 7 CNY, the bank says 8 CNY');
  });

  it.each([
    '',
    '20261122,1,1,2,A,1,m,,',
    '20261122,,,2,A,1,m,,',
    'x,1,,1,A,1,m,,',
    '20261122,1.005,,2,A,1,m,,',
  ])('with the rows %j is refused', (rows) => {
    expect(() => read(file(rows))).toThrow(UnreadableStatement);
  });

  it('in another encoding, or of a bank without a mapping, is refused', () => {
    expect(() => read(Buffer.from([0x41, 0xff, 0xff]))).toThrow('not written in gb18030');
    expect(() => read('a,b', { account: '1', currency: 'CNY' })).toThrow('no CSV mapping');
  });
});

describe('the amount of a line', () => {
  it.each([
    ['0.1', '0.1'],
    ['0.20', '0.2'],
    ['1,234.50', '1234.5'],
    ['007', '7'],
    ['5.', '5'],
  ])('%s is %s', (written, text) => {
    expect(bankAmount(written, 'CNY').toText()).toBe(text);
  });

  it.each(['', '1e2', '-1', '1.234', '１', 'NaN'])('is not %j', (written) => {
    expect(() => bankAmount(written, 'CNY')).toThrow(UnreadableStatement);
  });
});

describe('brokenChainOf', () => {
  it('adds 0.1 and 0.2 to 0.3', () => {
    const lines = ['0.1', '0.2'].map((amount) => ({
      ...line,
      direction: 'credit' as const,
      amount: cny(amount),
    }));
    const statement = { format: '', account: '', currency: 'CNY', opening: cny('0'), lines };
    expect(brokenChainOf({ ...statement, closing: cny('0.3') })).toBeUndefined();
    expect(brokenChainOf({ ...statement, closing: cny('0.31') })).toContain('0.3 CNY');
  });
});

describe('fingerprintsOf', () => {
  it('tells two equal movements without a reference apart, and knows both again', () => {
    const { reference: _none, ...alike } = { ...line, direction: 'credit' as const };
    const [one, other] = fingerprintsOf([alike, alike]);
    expect(one).not.toBe(other);
    expect(fingerprintsOf([alike, alike, alike]).slice(0, 2)).toEqual([one, other]);
  });

  it('goes by the bank’s reference where there is one', () => {
    const told = { ...line, direction: 'credit' as const };
    expect(fingerprintsOf([{ ...told, memo: 'another' }])).toEqual(fingerprintsOf([told]));
    expect(fingerprintsOf([{ ...told, reference: 'R2' }])).not.toEqual(fingerprintsOf([told]));
  });

  it.each([{ bookedOn: '2026-11-23' }, { balanceAfter: cny('7') }])(
    'tells movements with one reference apart by %j',
    (change) => {
      const told = { ...line, direction: 'credit' as const };
      expect(fingerprintsOf([{ ...told, ...change }])).not.toEqual(fingerprintsOf([told]));
    },
  );
});
