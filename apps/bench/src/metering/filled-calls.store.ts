import type { Database, Tx } from '@app/persistence';

/** Whose calls they are. */
export const readCustomer = 'cus_bench_reads';
/** The first of the 90 days on which they were made. */
export const readFrom = '2026-08-01';

const days = 90;
const atOnce = 100_000;

/** Fills in calls of one customer, evenly over the days, of three models and two keys, and their roll-ups. */
export async function fillCalls(database: Database, calls: number): Promise<void> {
  const patiently = (work: (tx: Tx) => Promise<unknown>) =>
    database.transaction(async (tx) => {
      await tx.query('SET LOCAL statement_timeout = 0');
      await work(tx);
    });
  for (let from = 0; from < calls; from += atOnce) {
    const last = Math.min(from + atOnce, calls) - 1;
    await patiently(async (tx) => {
      await tx.query(filled, [readCustomer, readFrom, from, last, (days * 86_400) / calls]);
      for (const [table, column, span] of rollUps) {
        await tx.query(summed(table, column, span), [readCustomer, from, last]);
      }
    });
  }
  for (const table of ['call', 'usage_quarter', 'usage_hour'])
    await patiently((tx) => tx.query(`ANALYZE ${table}`));
}

const rollUps = [
  ['usage_quarter', 'quarter', '15 minutes'],
  ['usage_hour', 'hour', '1 hour'],
] as const;

const filled = `
  INSERT INTO call (customer_id, call_id, source, key_id, hold_id, model, endpoint, price_version_id, rate_card, occurred_at,
         ended_at, status_code, tokens, units, usage_source, currency, charge, lines, outcome)
  SELECT $1, 'call_' || lpad(n::text, 12, '0'), 'gateway', 'key_' || n % 2, 'hold_' || n, 'gpt-5.5-' || n % 3,
         'chat-completions', 'prv_' || n % 3, 'standard',
         $2::date::timestamp AT TIME ZONE 'Asia/Shanghai' + n * $5::float8 * interval '1 second',
         $2::date::timestamp AT TIME ZONE 'Asia/Shanghai' + n * $5::float8 * interval '1 second', 200,
         jsonb_build_object('input', 3000, 'cached_input', n % 1000, 'output', 800), '{}', 'upstream', 'CNY', 0.0195,
         '[{"kind":"input","quantity":3000,"unitPrice":"2.5","per":"1000000","amount":"0.0075"}]', 'charged'
    FROM generate_series($3::bigint, $4::bigint) AS n`;

const summed = (table: string, column: string, span: string): string => `
  INSERT INTO ${table} AS total (customer_id, ${column}, model, key_id, endpoint, price_version_id, source, currency, requests,
         tokens_input, tokens_cached_input, tokens_cache_write, tokens_cache_write_1h, tokens_cache_write_12h,
         tokens_input_audio, tokens_cached_input_audio, tokens_input_image, tokens_cached_input_image, tokens_output,
         tokens_output_audio, tokens_output_image, units_image, units_second, units_request, charge)
  SELECT customer_id, date_bin('${span}', occurred_at, '2000-01-01Z'), model, key_id, endpoint, price_version_id, source,
         currency, count(*), count(*) * 3000, sum((tokens->>'cached_input')::bigint), 0, 0, 0, 0, 0, 0, 0, count(*) * 800,
         0, 0, 0, 0, 0, sum(charge)
    FROM call
   WHERE customer_id = $1
     AND call_id BETWEEN 'call_' || lpad($2::bigint::text, 12, '0') AND 'call_' || lpad($3::bigint::text, 12, '0')
   GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
  ON CONFLICT (customer_id, ${column}, model, key_id, endpoint, price_version_id, source, currency) DO UPDATE SET
         requests = total.requests + excluded.requests, tokens_input = total.tokens_input + excluded.tokens_input,
         tokens_cached_input = total.tokens_cached_input + excluded.tokens_cached_input,
         tokens_output = total.tokens_output + excluded.tokens_output, charge = total.charge + excluded.charge`;
