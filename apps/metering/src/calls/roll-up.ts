import { tokenKinds, unitKinds } from '@app/rating';
import { columnList, usageColumns } from './usage-columns.ts';

const groups = 'model, key_id, endpoint, price_version_id, source, currency';
const origin = `'2000-01-01Z'`;
const summed = ['requests', ...usageColumns.map(({ column }) => column), 'charge'];
const recordOf = (kinds: readonly string[]): string => kinds.map((kind) => `"${kind}" bigint`).join(', ');

/** Adds sums to a table of them; rows are locked in the order of their keys. */
const addedTo = (table: string, column: string, sums: string): string => `added_to_${table} AS (
    INSERT INTO ${table} AS total (customer_id, ${column}, ${groups}, requests, ${columnList}, charge)
    ${sums}
     ORDER BY customer_id, ${column}, ${groups}
    ON CONFLICT (customer_id, ${column}, ${groups}) DO UPDATE SET
           ${summed.map((name) => `${name} = total.${name} + excluded.${name}`).join(', ')})`;

/**
 * Common table expressions that add lines to the roll-ups: the lines in `changed`, each with the `weight` 1 where it is
 * new or −1 where it is no longer so. In the statement that changes the lines, so that sums and lines never differ.
 * Every zone's midnight falls on a quarter of an hour; most ranges are made of whole hours.
 */
export const rolledUp: string = `
  sums AS MATERIALIZED (
    SELECT customer_id, date_bin('15 minutes', occurred_at, ${origin}) AS quarter, model, coalesce(key_id, '') AS key_id,
           endpoint, coalesce(price_version_id, '') AS price_version_id, source, coalesce(currency, '') AS currency,
           sum(weight) AS requests,
           ${usageColumns
             .map(
               ({ group, kind, column }) => `coalesce(sum(weight * ${group}_of."${kind}"), 0) AS ${column}`,
             )
             .join(', ')},
           sum(weight * coalesce(charge, 0)) AS charge
      FROM changed, jsonb_to_record(tokens) AS tokens_of (${recordOf(tokenKinds)}),
           jsonb_to_record(units) AS units_of (${recordOf(unitKinds)})
     GROUP BY 1, 2, 3, 4, 5, 6, 7, 8),
  ${addedTo('usage_quarter', 'quarter', `SELECT customer_id, quarter, ${groups}, ${summed.join(', ')} FROM sums`)},
  ${addedTo(
    'usage_hour',
    'hour',
    `SELECT customer_id, date_bin('1 hour', quarter, ${origin}) AS hour, ${groups},
            ${summed.map((name) => `sum(${name})`).join(', ')}
       FROM sums GROUP BY customer_id, hour, ${groups}`,
  )}`;
