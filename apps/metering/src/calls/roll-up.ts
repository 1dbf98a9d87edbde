import { columnList, countsOfLine, usageColumns } from './usage-columns.ts';

/** A table of sums: of which spans, and the column that says which span. */
interface RollUp {
  readonly table: string;
  readonly column: string;
  readonly span: string;
}

/** Every zone's midnight falls on a quarter of an hour; most ranges are made of whole hours. */
const rollUps: readonly RollUp[] = [
  { table: 'usage_quarter', column: 'quarter', span: '15 minutes' },
  { table: 'usage_hour', column: 'hour', span: '1 hour' },
];

/** What a line is summed under, beside its customer and its span. */
const groups = `model, coalesce(key_id, '') AS key_id, endpoint, coalesce(price_version_id, '') AS price_version_id, source,
                 coalesce(currency, '') AS currency`;

/**
 * Common table expressions that add lines to the roll-ups: the lines in `changed`, each with the `weight` 1 where it is
 * new or −1 where it is no longer so. In the statement that changes the lines, so that sums and lines never differ.
 * Rows are locked in the order of their keys.
 */
export const rolledUp: string = rollUps.map(addedTo).join(',\n');

function addedTo({ table, column, span }: RollUp): string {
  const keys = `customer_id, ${column}, model, key_id, endpoint, price_version_id, source, currency`;
  return `added_to_${table} AS (
    INSERT INTO ${table} AS total (${keys}, requests, ${columnList}, charge)
    SELECT ${keys}, sum(weight), ${usageColumns.map(({ column: count }) => `sum(weight * ${count})`).join(', ')},
           sum(weight * charge)
      FROM (SELECT customer_id, date_bin('${span}', occurred_at, '2000-01-01Z') AS ${column}, ${groups}, weight,
                   ${countsOfLine}, coalesce(charge, 0) AS charge FROM changed) AS line
     GROUP BY ${keys}
     ORDER BY ${keys}
    ON CONFLICT (${keys}) DO UPDATE SET
           requests = total.requests + excluded.requests,
           ${usageColumns.map(({ column: count }) => `${count} = total.${count} + excluded.${count}`).join(', ')},
           charge = total.charge + excluded.charge)`;
}
