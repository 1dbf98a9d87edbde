import { tokenKinds, unitKinds } from '@app/rating';

/** A count in a call line, and the column of the roll-up in which it is summed. */
export interface UsageColumn {
  readonly group: 'tokens' | 'units';
  readonly kind: string;
  readonly column: string;
}

/** Every kind of token and unit, in the order of a receipt. */
export const usageColumns: readonly UsageColumn[] = [
  ...tokenKinds.map((kind) => ({ group: 'tokens' as const, kind, column: `tokens_${kind}` })),
  ...unitKinds.map((kind) => ({ group: 'units' as const, kind, column: `units_${kind}` })),
];

/** The names of the columns, as a list for SQL. */
export const columnList: string = usageColumns.map(({ column }) => column).join(', ');

/** The counts of a call line under the names of the roll-up's columns. */
export const countsOfLine: string = usageColumns
  .map(({ group, kind, column }) => `coalesce((${group}->>'${kind}')::bigint, 0) AS ${column}`)
  .join(', ');
