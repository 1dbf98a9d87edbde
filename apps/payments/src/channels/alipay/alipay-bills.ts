import { parse } from 'csv-parse/sync';
import { fromBeijing } from '../beijing-time.ts';
import { columnsOf, linesOf } from '../bill-text.ts';
import {
  centsOf,
  checkTotals,
  type FundKind,
  type FundLine,
  type TradeLine,
  unsigned,
  UnreadableBill,
} from '../daily-bill.ts';
import { alipayCurrency } from './yuan.ts';

const tradeColumns = {
  ...{
    reference: '支付宝交易号',
    number: '商户订单号',
    type: '业务类型',
    at: '完成时间',
    amount: '订单金额',
  },
  ...{ refundNumber: '退款批次号/请求号', fee: '服务费' },
} as const;
const fundColumns = {
  ...{ flow: '账务流水号', reference: '业务流水号', at: '发生时间', credit: '收入金额', debit: '支出金额' },
  ...{ balance: '账户余额', type: '业务类型' },
} as const;

const fundKinds: Readonly<Record<string, FundKind>> = {
  ...{ 在线支付: 'payment', 收费: 'fee', 交易退款: 'refund', 退费: 'fee-returned', 提现: 'settled' },
};

/** Reads Alipay's trade bill line by line; throws UnreadableBill where its totals are not those of its lines. */
export async function* alipayTradeLines(file: string): AsyncGenerator<TradeLine> {
  const found = { 交易笔: 0n, 交易元: 0n, 退款笔: 0n, 退款元: 0n };
  for await (const { cell } of rowsOf(file, tradeColumns, (told) => {
    checkTotals(told, found);
  })) {
    const isRefund = cell('type') === '退款';
    found[isRefund ? '退款笔' : '交易笔'] += 1n;
    found[isRefund ? '退款元' : '交易元'] += centsOf(cell('amount'));
    yield {
      kind: isRefund ? 'refund' : 'payment',
      ...{ number: cell('number'), reference: cell('reference'), fundReference: cell('reference') },
      refundNumber: isRefund ? cell('refundNumber') : '',
      ...{ amount: unsigned(cell('amount')), currency: alipayCurrency },
      ...{ fee: unsigned(cell('fee')), at: fromBeijing(cell('at')) },
    };
  }
}

/** Reads Alipay's account bill line by line; throws UnreadableBill where its totals are not those of its lines. */
export async function* alipayFundLines(file: string): AsyncGenerator<FundLine> {
  const found = { 收入笔: 0n, 收入元: 0n, 支出笔: 0n, 支出元: 0n };
  for await (const { cell } of rowsOf(file, fundColumns, (told) => {
    checkTotals(told, found);
  })) {
    const isIn = cell('credit') !== '';
    const amount = cell(isIn ? 'credit' : 'debit');
    found[isIn ? '收入笔' : '支出笔'] += 1n;
    found[isIn ? '收入元' : '支出元'] += centsOf(amount);
    centsOf(cell('balance'));
    yield {
      kind: fundKinds[cell('type')] ?? 'other',
      direction: isIn ? 'in' : 'out',
      ...{ flow: cell('flow'), reference: cell('reference'), amount: unsigned(amount) },
      ...{ balance: cell('balance'), at: fromBeijing(cell('at')) },
    };
  }
}

interface Row<Name extends string> {
  readonly cell: (name: Name) => string;
}

/** Lines that begin with # stand around the table; two of them tell its totals. */
async function* rowsOf<Name extends string>(
  file: string,
  names: Readonly<Record<Name, string>>,
  check: (told: Readonly<Record<string, bigint>>) => void,
): AsyncGenerator<Row<Name>> {
  let columns: Readonly<Record<Name, number>> | undefined;
  const told: Record<string, bigint> = {};
  for await (const line of linesOf(file, 'gb18030')) {
    if (line.startsWith('#')) Object.assign(told, totalsIn(line));
    else if (!columns)
      columns = columnsOf(
        line.split(',').map((name) => name.replace(/（[^）]*元）$/, '').trim()),
        names,
      );
    else if (line !== '') {
      const [cells, at] = [cellsOf(line), columns];
      yield { cell: (name) => (cells[at[name]] ?? '').trim() };
    }
  }
  if (Object.keys(told).length !== 4) throw new UnreadableBill('It ends before its totals.');
  check(told);
}

/** `#交易合计：3笔，商家实收共12.30元` as { 交易笔: 3n, 交易元: 1230n }. */
function totalsIn(line: string): Readonly<Record<string, bigint>> {
  const match = /^#(交易|退款|收入|支出)合计：(\d+)笔，[^，\d-]*(-?[\d.]+)元/.exec(line);
  if (!match) return {};
  const [, name = '', count = '', sum = ''] = match;
  return { [`${name}笔`]: BigInt(count), [`${name}元`]: centsOf(sum) };
}

/** Most lines need no CSV reader; a field that holds a comma stands in quotes. */
function cellsOf(line: string): readonly string[] {
  if (!line.includes('"')) return line.split(',');
  try {
    const [cells] = parse(line, { relax_column_count: true, relax_quotes: true });
    return cells ?? [];
  } catch (error) {
    throw new UnreadableBill(`A line is no CSV: ${String(error).slice(0, 200)}`);
  }
}
