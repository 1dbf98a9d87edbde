import { createHash } from 'node:crypto';
import type { BilledDay } from '../providers/bill-shelf.ts';
import type { BilledTrade, Movement } from '../providers/money-book.ts';
import { beijingTime } from '../providers/virtual-clock.ts';
import { digits } from './orders.ts';

// Written from the documented formats, apart from whoever reads them: UTF-8 with a byte order mark, CRLF, a backtick before
// every field of a line, amounts in yuan, and a footer of totals.

const tradeHeader =
  '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,' +
  '代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注';
const tradeFooter =
  '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额';
const fundHeader =
  '记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号';
const fundFooter = '资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额';

const fundKinds: Readonly<Record<Movement['kind'], readonly [string, string, '收入' | '支出']>> = {
  payment: ['交易', '交易', '收入'],
  fee: ['扣除交易手续费', '扣除交易手续费', '支出'],
  refund: ['退款', '退款', '支出'],
  'fee-returned': ['退还交易手续费', '退还交易手续费', '收入'],
  withdrawal: ['提现', '提现', '支出'],
  other: ['冻结', '冻结', '支出'],
};

/** A day's bill as WeChat Pay gives it. `wrongFooter` makes its totals those of another day. */
export function billFile(
  day: BilledDay,
  merchant: { readonly mchid: string; readonly appid: string },
  wrongFooter: boolean,
): Buffer {
  const lines = day.kind === 'trade' ? tradeLines(day.trades, merchant) : fundLines(day.movements);
  const [header, rows, footer, totals] = lines;
  const shown = wrongFooter
    ? totals.map((total, at) => (at === 0 ? String(Number(total) + 1) : total))
    : totals;
  const text = [header, ...rows.map(line), footer, line(shown)].map((one) => `${one}\r\n`).join('');
  return Buffer.from(`\uFEFF${text}`, 'utf8');
}

/** The digest that the provider tells: of the file itself, whether it is then packed or not. */
export const digestOf = (file: Buffer): string => createHash('sha1').update(file).digest('hex');

type Lines = readonly [string, readonly (readonly string[])[], string, readonly string[]];

function tradeLines(
  trades: readonly BilledTrade[],
  { mchid, appid }: { readonly mchid: string; readonly appid: string },
): Lines {
  const sum = (kind: BilledTrade['kind']) =>
    yuan(trades.reduce((so, one) => so + (one.kind === kind ? one.fen : 0), 0));
  const fees = trades.reduce((so, { kind, fee }) => so + (kind === 'payment' ? fee : -fee), 0);
  const rows = trades.map((trade) => {
    const { order, fen, fee, at } = trade;
    const isRefund = trade.kind === 'refund';
    const [paid, back] = isRefund ? ['0.00', yuan(fen)] : [yuan(fen), '0.00'];
    return [
      ...[clock(at), appid, mchid, '0', '', order.transactionId ?? '', order.outTradeNo],
      ...['oSandboxPayer0000000000000001', order.payer === undefined ? 'NATIVE' : 'JSAPI'],
      ...[
        isRefund ? 'REFUND' : 'SUCCESS',
        'OTHERS',
        order.told.currency,
        paid,
        '0.00',
        ...refundCells(trade),
      ],
      ...[order.description, order.attach ?? '', decimals5(isRefund ? -fee : fee), '0.60%', paid, back, ''],
    ];
  });
  const totals = [String(trades.length), sum('payment'), sum('refund'), '0.00', decimals5(fees)];
  return [tradeHeader, rows, tradeFooter, [...totals, sum('payment'), sum('refund')]];
}

/** From the refund's numbers to its status; a payment has none of them. */
const refundCells = ({ refund, fen }: BilledTrade): readonly string[] =>
  refund === undefined
    ? ['0', '0', '0.00', '0.00', '', '']
    : [refund.refundId, refund.outRefundNo, yuan(fen), '0.00', 'ORIGINAL', refund.status];

function fundLines(movements: readonly Movement[]): Lines {
  const of = (direction: '收入' | '支出') => {
    const some = movements.filter(({ kind }) => fundKinds[kind][2] === direction);
    return [String(some.length), yuan(some.reduce((so, { fen }) => so + fen, 0))];
  };
  const rows = movements.map(({ kind, at, flow, fen, balanceFen, order, refund }) => {
    const [name, type, direction] = fundKinds[kind];
    const isOfRefund = kind === 'refund' || kind === 'fee-returned';
    const subject = (isOfRefund ? refund?.refundId : order?.transactionId) ?? digits(28);
    const number = (isOfRefund ? refund?.outRefundNo : order?.outTradeNo) ?? '';
    const words = [clock(at), subject, flow, name, type, direction];
    return [...words, yuan(fen), yuan(balanceFen), 'system', '', number];
  });
  return [fundHeader, rows, fundFooter, [String(movements.length), ...of('收入'), ...of('支出')]];
}

const line = (cells: readonly string[]): string => cells.map((cell) => `\`${cell}`).join(',');
const clock = (instant: string): string => beijingTime(new Date(instant)).slice(0, 19).replace('T', ' ');

function yuan(fen: number): string {
  const text = String(Math.abs(fen)).padStart(3, '0');
  return `${fen < 0 ? '-' : ''}${text.slice(0, -2)}.${text.slice(-2)}`;
}

function decimals5(units: number): string {
  const text = String(Math.abs(units)).padStart(6, '0');
  return `${units < 0 ? '-' : ''}${text.slice(0, -5)}.${text.slice(-5)}`;
}
