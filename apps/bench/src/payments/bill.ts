import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { memoryPeakOf } from '../cpu.ts';
import { type BillFile, BillProvider } from './bill-provider.ts';
import type { Stage } from './stage.ts';

const day = '2026-11-20';

/** A day of a million payments: fetched, read, written down and compared with our million orders, and what memory that takes. */
export async function measureBill(stage: Stage): Promise<readonly string[]> {
  const { BENCH_BILL_LINES: count } = stage.settings;
  const trade = await written(join(stage.directory, 'trade.gz'), tradeBill(count));
  const fund = await written(join(stage.directory, 'fund.gz'), fundBill(count));
  const provider = await BillProvider.start(stage.directory, { trade, fund });
  try {
    return await stage.withPayments(provider.url, async ({ payments, call }) => {
      for (let first = 1; first <= count; first += ordersAtOnce)
        await stage.database.query(ordersSql, [
          ...[first, Math.min(first + ordersAtOnce - 1, count), `${day}T00:00:00+08:00`],
        ]);
      await stage.database.query('ANALYZE top_up');
      const before = memoryPeakOf(payments.pid);
      const begun = performance.now();
      const compared = await call(`/v1/reconciliations/wechat-pay/${day}`);
      const seconds = (performance.now() - begun) / 1000;
      const [row] = await stage.database.query<{ told: string }>(
        `SELECT count(*)::text AS told FROM outbox WHERE topic = 'payments.top-ups.v1'`,
      );
      const figures = JSON.stringify((compared as { figures: object }).figures);
      return [
        `a trade bill of ${count.toLocaleString('en')} lines and a fund bill of ${(2 * count).toLocaleString('en')}, fetched, read, compared: ${String(Math.round(seconds * 10) / 10)} s`,
        `memory of payments: ${megabytes(before)} before, ${megabytes(memoryPeakOf(payments.pid))} at most`,
        `open breaks: ${String((compared as { openBreaks: number }).openBreaks)}; fees told to the ledger: ${row?.told ?? '0'}`,
        figures,
      ];
    });
  } finally {
    await provider.close();
  }
}

/** Writes a bill packed; gives the digest of what is in it. */
async function written(file: string, lines: Iterable<string>): Promise<BillFile> {
  const hash = createHash('sha1');
  const hashed = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(Readable.from(chunked(lines)), hashed, createGzip({ level: 1 }), createWriteStream(file));
  return { file, sha1: hash.digest('hex') };
}

function* chunked(lines: Iterable<string>): Generator<Buffer> {
  let text = '\uFEFF';
  for (const line of lines) {
    text += `${line}\r\n`;
    if (text.length > 65_536) {
      yield Buffer.from(text);
      text = '';
    }
  }
  yield Buffer.from(text);
}

const cells = (values: readonly string[]): string => values.map((value) => `\`${value}`).join(',');
const orderNumber = (index: number): string => `top_${String(index).padStart(26, '0')}`;
const reference = (index: number): string => `4200${String(index).padStart(24, '0')}`;
const time = `${day} 12:00:00`;

/** Each order is of 50 yuan and costs 30 fen. */
function* tradeBill(count: number): Generator<string> {
  yield '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注';
  for (let index = 1; index <= count; index += 1) {
    const head = [
      time,
      'wx',
      '1900000109',
      '0',
      '',
      reference(index),
      orderNumber(index),
      'o',
      'NATIVE',
      'SUCCESS',
    ];
    const money = ['OTHERS', 'CNY', '50.00', '0.00', '0', '0', '0.00', '0.00', '', '', 'API', ''];
    yield cells([...head, ...money, '0.30000', '0.60%', '50.00', '0.00', '']);
  }
  yield '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额';
  const sum = `${String(50 * count)}.00`;
  yield cells([String(count), sum, '0.00', '0.00', '0.00', sum, '0.00']);
}

function* fundBill(count: number): Generator<string> {
  yield '记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号';
  let fen = 0;
  const yuan = (): string => `${String(Math.floor(fen / 100))}.${String(fen % 100).padStart(2, '0')}`;
  for (let index = 1; index <= count; index += 1) {
    const number = reference(index);
    fen += 5_000;
    yield cells([time, number, `1${number}`, '交易', '交易', '收入', '50.00', yuan(), 'system', '', number]);
    fen -= 30;
    const name = '扣除交易手续费';
    yield cells([time, number, `2${number}`, name, name, '支出', '0.30', yuan(), 'system', '', number]);
  }
  const fees = 30 * count;
  const out = `${String(Math.floor(fees / 100))}.${String(fees % 100).padStart(2, '0')}`;
  yield '资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额';
  yield cells([String(2 * count), String(count), `${String(50 * count)}.00`, String(count), out]);
}

/** So many in a statement end long before its time is over, also on a busy machine. */
const ordersAtOnce = 50_000;

/** As many orders of a thousand customers, all paid. */
const ordersSql = `
  INSERT INTO top_up (top_up_id, customer_id, channel, amount, currency, status, provider_reference, paid_at, created_at,
                      expires_at, settled_at, method)
  SELECT 'top_' || lpad(n::text, 26, '0'), 'cus_' || (n % 1000), 'wechat-pay', 50, 'CNY', 'succeeded',
         '4200' || lpad(n::text, 24, '0'), $3::timestamptz + interval '12 hours', $3::timestamptz, $3::timestamptz,
         $3::timestamptz, 'qr'
    FROM generate_series($1::int, $2::int) AS n`;

const megabytes = (mebibytes: number): string => `${Math.round(mebibytes).toLocaleString('en')} MiB`;
