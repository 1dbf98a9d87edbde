// One question each; $1 is the channel, $2 the day in Beijing. All give the columns of a finding.

const inDay = (column: string): string =>
  `${column} >= $2::date::timestamp AT TIME ZONE 'Asia/Shanghai'
   AND ${column} < ($2::date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'`;

/** Whether we know of a payment at the provider: an order that it credited, one that waits for people, or money in suspense. */
const isKnownHere = (reference: string): string => `
  EXISTS (SELECT 1 FROM top_up WHERE channel = $1 AND provider_reference = ${reference})
  OR EXISTS (SELECT 1 FROM suspense WHERE source_id = $1 || ':' || ${reference})`;

/** Payments, joined outwards on both sides. A payment near midnight may stand in the bill of the day beside it. */
const payments = `
  WITH theirs AS (
    SELECT DISTINCT ON (reference, number) number, reference, amount, at FROM trade_line
     WHERE channel = $1 AND day = $2 AND kind = 'payment' ORDER BY reference, number, line),
  ours AS (
    SELECT top_up_id AS number, provider_reference AS reference, COALESCE(credited, amount) AS amount, paid_at
      FROM top_up WHERE channel = $1 AND method <> 'transfer' AND provider_reference IS NOT NULL AND ${inDay('paid_at')}
    UNION ALL
    SELECT top_up_id, question.provider_reference, question.amount, question.paid_at
      FROM top_up_question AS question JOIN top_up USING (top_up_id)
     WHERE channel = $1 AND reason NOT IN ('recipient-differs', 'pays-another-order') AND ${inDay('question.paid_at')}
       AND NOT EXISTS (SELECT 1 FROM top_up AS other
                        WHERE other.channel = $1 AND other.provider_reference = question.provider_reference))
  SELECT CASE WHEN ours.reference IS NULL THEN 'missing-here' WHEN theirs.reference IS NULL THEN 'missing-there'
              ELSE 'amount-differs' END AS class,
         COALESCE(theirs.reference, ours.reference) AS key, COALESCE(theirs.number, ours.number) AS number,
         COALESCE(theirs.reference, ours.reference) AS reference, theirs.amount AS theirs, ours.amount AS ours,
         COALESCE(theirs.at, ours.paid_at) AS occurred_at
    FROM theirs FULL JOIN ours ON ours.reference = theirs.reference AND ours.number = theirs.number
   WHERE ours.amount IS DISTINCT FROM theirs.amount
     AND (ours.reference IS NOT NULL OR NOT (${isKnownHere('theirs.reference')}))
     AND (theirs.reference IS NOT NULL OR NOT EXISTS (
           SELECT 1 FROM trade_line AS other WHERE other.channel = $1 AND other.reference = ours.reference
              AND other.kind = 'payment' AND other.day BETWEEN $2::date - 1 AND $2::date + 1))`;

const duplicates = `
  SELECT 'duplicate' AS class, kind || ':' || reference || ':' || refund_number AS key, min(number) AS number, reference,
         sum(amount) AS theirs, min(amount) AS ours, min(at) AS occurred_at
    FROM trade_line WHERE channel = $1 AND day = $2
   GROUP BY kind, reference, refund_number HAVING count(*) > 1`;

/** A refund has our number for ever, so it is found whatever day it ended on. */
const refunds = `
  WITH theirs AS (
    SELECT DISTINCT ON (refund_number) number, reference, refund_number, amount, at FROM trade_line
     WHERE channel = $1 AND day = $2 AND kind = 'refund' ORDER BY refund_number, line)
  SELECT CASE WHEN ours.amount IS NULL THEN 'unknown-refund' ELSE 'refund-differs' END AS class,
         theirs.refund_number AS key, theirs.number, theirs.reference, theirs.amount AS theirs, ours.amount AS ours,
         theirs.at AS occurred_at
    FROM theirs LEFT JOIN (
           SELECT number, amount, status FROM refund_item WHERE channel = $1
           UNION ALL SELECT number, amount, status FROM pay_back WHERE channel = $1) AS ours
           ON ours.number = theirs.refund_number
   WHERE ours.amount IS DISTINCT FROM theirs.amount OR ours.status = 'failed'`;

/** What we believe went back on this day, by the channel itself and not by a transfer of ours: refunds, and payments sent back. */
const paidRefunds = `
  SELECT 'refund-missing-there' AS class, item.number AS key, top_up_id AS number, item.provider_reference AS reference,
         NULL::numeric AS theirs, item.amount AS ours, ended_at AS occurred_at
    FROM refund_item AS item
   WHERE item.channel = $1 AND item.status = 'succeeded' AND ${inDay('ended_at')}
     AND NOT EXISTS (SELECT 1 FROM payout WHERE kind = 'refund-item' AND subject_id = item_id AND payout.status = 'paid')
     AND NOT EXISTS (SELECT 1 FROM trade_line WHERE trade_line.channel = $1 AND refund_number = item.number)
   UNION ALL
  SELECT 'refund-missing-there', back.number, top_up_id, back.provider_reference, NULL, back.amount, ended_at
    FROM pay_back AS back
   WHERE back.channel = $1 AND back.status = 'paid' AND ${inDay('ended_at')}
     AND NOT EXISTS (SELECT 1 FROM trade_line WHERE trade_line.channel = $1 AND refund_number = back.number)`;

/** A trade bill tells fractions of a cent; what moves are whole cents. */
const fees = `
  SELECT 'fee-differs' AS class, trade.reference AS key, trade.number, trade.reference, moved.amount AS theirs,
         trade.fee AS ours, trade.at AS occurred_at
    FROM trade_line AS trade
    LEFT JOIN (SELECT reference, sum(amount) AS amount FROM fund_line
                WHERE channel = $1 AND day = $2 AND kind = 'fee' GROUP BY reference) AS moved USING (reference)
   WHERE trade.channel = $1 AND trade.day = $2 AND trade.kind = 'payment'
     AND abs(trade.fee - COALESCE(moved.amount, 0)) >= 0.01`;

/** What moved for a payment or a refund up to this day must be what was traded up to this day. */
const funds = `
  WITH moved AS (
    SELECT kind, reference, min(at) AS at FROM fund_line
     WHERE channel = $1 AND day = $2 AND kind IN ('payment', 'refund') GROUP BY kind, reference)
  SELECT 'fund-differs' AS class, moved.kind || ':' || moved.reference AS key, '' AS number, moved.reference,
         fund.amount AS theirs, trade.amount AS ours, moved.at AS occurred_at
    FROM moved
    JOIN (SELECT kind, reference, sum(amount) AS amount FROM fund_line
           WHERE channel = $1 AND day <= $2 AND reference IN (SELECT reference FROM moved) GROUP BY kind, reference) AS fund
         ON fund.kind = moved.kind AND fund.reference = moved.reference
    LEFT JOIN (SELECT kind, fund_reference, sum(amount) AS amount FROM trade_line
           WHERE channel = $1 AND day <= $2 AND fund_reference IN (SELECT reference FROM moved)
           GROUP BY kind, fund_reference) AS trade
         ON trade.kind = moved.kind AND trade.fund_reference = moved.reference
   WHERE fund.amount IS DISTINCT FROM trade.amount
   UNION ALL
  SELECT 'fund-differs', 'payment:' || reference, number, reference, NULL, amount, at FROM trade_line AS trade
   WHERE channel = $1 AND day = $2 AND kind = 'payment'
     AND NOT EXISTS (SELECT 1 FROM fund_line WHERE fund_line.channel = $1 AND fund_line.reference = trade.reference
                        AND fund_line.kind = 'payment')`;

const otherMovements = `
  SELECT 'unknown-movement' AS class, flow AS key, '' AS number, reference, amount AS theirs, NULL::numeric AS ours,
         at AS occurred_at
    FROM fund_line WHERE channel = $1 AND day = $2 AND kind = 'other'`;

/** From where the day before closed, by all movements, to where this day closes. */
const balance = `
  WITH day AS (
    SELECT sum(CASE direction WHEN 'in' THEN amount ELSE -amount END) AS moved, max(at) AS at, max(line) AS last
      FROM fund_line WHERE channel = $1 AND day = $2),
  before AS (
    SELECT balance FROM fund_line WHERE channel = $1 AND day < $2 ORDER BY day DESC, line DESC LIMIT 1),
  first AS (
    SELECT balance - CASE direction WHEN 'in' THEN amount ELSE -amount END AS balance
      FROM fund_line WHERE channel = $1 AND day = $2 ORDER BY line LIMIT 1)
  SELECT 'balance-differs' AS class, $2::text AS key, '' AS number, '' AS reference, closing.balance AS theirs,
         COALESCE((SELECT balance FROM before), (SELECT balance FROM first)) + day.moved AS ours, day.at AS occurred_at
    FROM day JOIN fund_line AS closing ON closing.channel = $1 AND closing.day = $2 AND closing.line = day.last
   WHERE closing.balance <> COALESCE((SELECT balance FROM before), (SELECT balance FROM first)) + day.moved`;

/** The nth settlement of an amount is the nth arrival of that amount at our bank. */
const settlements = `
  SELECT 'settlement-missing' AS class, sent.flow AS key, '' AS number, sent.flow AS reference, sent.amount AS theirs,
         NULL::numeric AS ours, sent.occurred_at
    FROM (SELECT flow, amount, occurred_at, row_number() OVER (PARTITION BY amount ORDER BY occurred_at, flow) AS nth
            FROM channel_movement WHERE channel = $1 AND kind = 'settled') AS sent
   WHERE sent.occurred_at < ($2::date - 2)::timestamp AT TIME ZONE 'Asia/Shanghai'
     AND NOT EXISTS (
           SELECT 1 FROM (SELECT amount, row_number() OVER (PARTITION BY amount ORDER BY booked_on, line_id) AS nth
                            FROM bank_line WHERE status = 'settlement' AND reason = $1) AS arrived
            WHERE arrived.amount = sent.amount AND arrived.nth = sent.nth)`;

/** The questions that find every break of a day. */
export const comparisons: readonly string[] = [
  ...[payments, duplicates, refunds, paidRefunds, fees, funds, otherMovements, balance, settlements],
];
