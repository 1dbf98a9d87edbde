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

const tradeColumns = {
  ...{
    at: '交易时间',
    reference: '微信订单号',
    number: '商户订单号',
    state: '交易状态',
    currency: '货币种类',
  },
  ...{ refundReference: '微信退款单号', refundNumber: '商户退款单号', fee: '手续费' },
  ...{ paid: '订单金额', refunded: '申请退款金额' },
} as const;
const fundColumns = {
  ...{ at: '记账时间', reference: '微信支付业务单号', flow: '资金流水单号', type: '业务类型' },
  ...{ direction: '收支类型', amount: '收支金额(元)', balance: '账户结余(元)' },
} as const;

const fundKinds: Readonly<Record<string, FundKind>> = {
  ...{
    交易: 'payment',
    扣除交易手续费: 'fee',
    退款: 'refund',
    退还交易手续费: 'fee-returned',
    提现: 'settled',
  },
};

/** Reads WeChat Pay's trade bill line by line; throws UnreadableBill where its totals are not those of its lines. */
export async function* wechatTradeLines(file: string): AsyncGenerator<TradeLine> {
  const found = { 总交易单数: 0n, 订单总金额: 0n, 申请退款总金额: 0n };
  for await (const { cells, columns } of rowsOf(file, tradeColumns, (told) => {
    checkTotals(told, found);
  })) {
    const cell = (name: keyof typeof tradeColumns): string => cells[columns[name]] ?? '';
    const isRefund = cell('state') === 'REFUND';
    const amount = cell(isRefund ? 'refunded' : 'paid');
    found.总交易单数 += 1n;
    found[isRefund ? '申请退款总金额' : '订单总金额'] += centsOf(amount);
    // A trade that was taken back before it was paid moves no money.
    if (!isRefund && cell('state') !== 'SUCCESS') continue;
    yield {
      kind: isRefund ? 'refund' : 'payment',
      ...{ number: cell('number'), reference: cell('reference'), amount, currency: cell('currency') },
      refundNumber: isRefund ? cell('refundNumber') : '',
      fundReference: cell(isRefund ? 'refundReference' : 'reference'),
      ...{ fee: unsigned(cell('fee')), at: fromBeijing(cell('at')) },
    };
  }
}

/** Reads WeChat Pay's fund bill line by line; throws UnreadableBill where its totals are not those of its lines. */
export async function* wechatFundLines(file: string): AsyncGenerator<FundLine> {
  const found = { 资金流水总笔数: 0n, 收入笔数: 0n, 收入金额: 0n, 支出笔数: 0n, 支出金额: 0n };
  for await (const { cells, columns } of rowsOf(file, fundColumns, (told) => {
    checkTotals(told, found);
  })) {
    const cell = (name: keyof typeof fundColumns): string => cells[columns[name]] ?? '';
    const isIn = cell('direction') === '收入';
    const [amount, balance] = [cell('amount'), cell('balance')];
    found.资金流水总笔数 += 1n;
    found[isIn ? '收入笔数' : '支出笔数'] += 1n;
    found[isIn ? '收入金额' : '支出金额'] += centsOf(amount);
    centsOf(balance);
    yield {
      kind: fundKinds[cell('type')] ?? 'other',
      direction: isIn ? 'in' : 'out',
      ...{ flow: cell('flow'), reference: cell('reference'), amount, balance, at: fromBeijing(cell('at')) },
    };
  }
}

interface Row<Name extends string> {
  readonly cells: readonly string[];
  readonly columns: Readonly<Record<Name, number>>;
}

/** Header, lines that begin with a backtick, header of the totals, totals. */
async function* rowsOf<Name extends string>(
  file: string,
  names: Readonly<Record<Name, string>>,
  check: (told: Readonly<Record<string, bigint>>) => void,
): AsyncGenerator<Row<Name>> {
  let columns: Readonly<Record<Name, number>> | undefined;
  let totals: readonly string[] | undefined;
  let isChecked = false;
  for await (const line of linesOf(file, 'utf-8')) {
    if (line === '') continue;
    if (!line.startsWith('`')) {
      const header = line.replace(/^\uFEFF/, '').split(',');
      if (columns) totals = header;
      else columns = columnsOf(header, names);
      continue;
    }
    const cells = line.slice(1).split(',`');
    if (!columns) throw new UnreadableBill('It has lines before its header.');
    if (totals) {
      check(told(totals, cells));
      isChecked = true;
    } else yield { cells, columns };
  }
  if (!isChecked) throw new UnreadableBill('It ends before its totals.');
}

/** The totals by which lines are checked: counts, and money in cents. */
function told(names: readonly string[], cells: readonly string[]): Readonly<Record<string, bigint>> {
  const known = names.map((name, at) => [name, cells[at] ?? ''] as const);
  return Object.fromEntries(
    known
      .filter(([name]) => checked.has(name))
      .map(([name, text]) => [name, centsOf(text) / (name.endsWith('数') ? 100n : 1n)]),
  );
}

const checked: ReadonlySet<string> = new Set([
  ...['总交易单数', '订单总金额', '申请退款总金额'],
  ...['资金流水总笔数', '收入笔数', '收入金额', '支出笔数', '支出金额'],
]);
