import { encodeGb18030 } from '../bank/gb18030.ts';
import type { BilledDay } from '../providers/bill-shelf.ts';
import type { BilledTrade, Movement } from '../providers/money-book.ts';
import { beijingOf } from './gateway-content.ts';
import { zipOf } from './zip-file.ts';

// Written from the documented formats, apart from whoever reads them: a ZIP of GBK files, lines that begin with # around the
// table, a tab after every number, refunds with a minus.

const tradeHeader =
  '支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,' +
  '支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,' +
  '退款批次号/请求号,服务费（元）,分润（元）,备注';
const fundHeader =
  '账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注';

const fundKinds: Readonly<Record<Movement['kind'], readonly [string, 'in' | 'out']>> = {
  payment: ['在线支付', 'in'],
  fee: ['收费', 'out'],
  refund: ['交易退款', 'out'],
  'fee-returned': ['退费', 'in'],
  withdrawal: ['提现', 'out'],
  other: ['冻结', 'out'],
};

/** A day's bill as Alipay gives it: the details, and beside them a summary that nobody needs. */
export function billArchive(
  day: BilledDay,
  { date, sellerId, wrongFooter }: { date: string; sellerId: string; wrongFooter: boolean },
): Buffer {
  const [title, header, rows, totals] =
    day.kind === 'trade' ? tradeTable(day.trades) : fundTable(day.movements);
  const shown = wrongFooter ? totals.map((total) => total.replace(/：\d+笔/, '：999笔')) : totals;
  const text = [
    ...[`#支付宝${title}明细查询`, `#账号：[${sellerId}0156]`, `#起始日期：[${date} 00:00:00]`],
    ...[
      `#-----------------------------------------${title}明细列表----------------------------------------`,
      header,
    ],
    ...rows.map((cells) => cells.join(',')),
    ...[
      `#-----------------------------------------${title}明细列表结束------------------------------------`,
      ...shown,
    ],
    `#导出时间：[${date} 09:00:00]`,
  ];
  const stem = `${sellerId}0156_${date.replaceAll('-', '')}`;
  const file = (name: string, lines: readonly string[]) => ({
    name: encodeGb18030(name),
    bytes: encodeGb18030(lines.map((one) => `${one}\r\n`).join('')),
  });
  return zipOf([
    file(`${stem}_${title}明细(汇总).csv`, [`#支付宝${title}汇总查询`]),
    file(`${stem}_${title}明细.csv`, text),
  ]);
}

type Table = readonly [string, string, readonly (readonly string[])[], readonly string[]];

function tradeTable(trades: readonly BilledTrade[]): Table {
  const rows = trades.map(({ kind, at, order, refund, fen, fee }) => {
    const sign = kind === 'refund' ? '-' : '';
    const money = `${sign}${yuan(fen)}`;
    const feeFen = Math.floor((fee + 500) / 1000);
    return [
      ...[`${order.transactionId ?? ''}\t`, `${order.outTradeNo}\t`, kind === 'refund' ? '退款' : '交易'],
      ...[
        quoted(order.description),
        beijingOf(order.createdAt),
        beijingOf(at),
        '',
        '',
        '',
        '',
        '\t',
        money,
        money,
      ],
      ...['0.00', '0.00', '0.00', '0.00', '0.00', '', '0.00', '0.00', `${refund?.outRefundNo ?? ''}\t`],
      ...[`${kind === 'refund' ? '' : '-'}${yuan(feeFen)}`, '0.00', ''],
    ];
  });
  const of = (kind: BilledTrade['kind']) => trades.filter((one) => one.kind === kind);
  const [payments, refunds] = [of('payment'), of('refund')];
  const totals = [
    `#交易合计：${String(payments.length)}笔，商家实收共${yuan(sumOf(payments))}元，商家优惠共0.00元`,
    `#退款合计：${String(refunds.length)}笔，商家实收退款共-${yuan(sumOf(refunds))}元，商家优惠退款共0.00元`,
  ];
  return ['业务', tradeHeader, rows, totals];
}

function fundTable(movements: readonly Movement[]): Table {
  const rows = movements.map(({ kind, at, flow, fen, balanceFen, order }) => {
    const [type, direction] = fundKinds[kind];
    const [credit, debit] = direction === 'in' ? [yuan(fen), ''] : ['', `-${yuan(fen)}`];
    const numbers = [`${flow}\t`, `${order?.transactionId ?? flow}\t`, `${order?.outTradeNo ?? ''}\t`];
    const words = [
      quoted(order?.description ?? ''),
      beijingOf(at),
      '\t',
      credit,
      debit,
      yuan(balanceFen),
      '支付宝',
    ];
    return [...numbers, ...words, type, ''];
  });
  const of = (direction: 'in' | 'out') => movements.filter(({ kind }) => fundKinds[kind][1] === direction);
  const [out, into] = [of('out'), of('in')];
  const totals = [
    `#支出合计：${String(out.length)}笔，共-${yuan(sumOf(out))}元`,
    `#收入合计：${String(into.length)}笔，共${yuan(sumOf(into))}元`,
  ];
  return ['账务', fundHeader, rows, totals];
}

const quoted = (text: string): string => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

const sumOf = (lines: readonly { readonly fen: number }[]): number =>
  lines.reduce((so, { fen }) => so + fen, 0);

function yuan(fen: number): string {
  const text = String(Math.abs(fen)).padStart(3, '0');
  return `${fen < 0 ? '-' : ''}${text.slice(0, -2)}.${text.slice(-2)}`;
}
