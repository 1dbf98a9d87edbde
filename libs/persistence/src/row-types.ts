import { types, type CustomTypesConfig } from 'pg';

type TypeId = Parameters<typeof types.getTypeParser>[0];

/**
 * How values come out of the database: `timestamptz` as UTC text with all its microseconds (a JavaScript date would drop
 * three digits), `numeric` and `bigint` as text, everything else as pg gives it.
 */
export const rowTypes: CustomTypesConfig = {
  getTypeParser: (oid: TypeId, format?: 'text' | 'binary') =>
    oid === types.builtins.TIMESTAMPTZ && format !== 'binary'
      ? instantText
      : (types.getTypeParser(oid, format) as (value: string) => unknown),
};

/** Turns `2026-11-22 08:00:00.1234+00` into `2026-11-22T08:00:00.1234Z`. Sessions are always in UTC. */
export function instantText(value: string): string {
  return value.replace(' ', 'T').replace(/\+00(?::?00)?$/, 'Z');
}
