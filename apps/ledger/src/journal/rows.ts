/** Something that answers SQL: the database itself, or one transaction of it. */
export interface Rows {
  query<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
}
