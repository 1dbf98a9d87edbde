import type { Rows } from '../journal/rows.ts';

/** Some entries of a book as they were hashed, one after the other. */
export interface JournalPart {
  readonly bookId: string;
  /** Their canonical texts. */
  readonly canonical: string;
  /** The length of each text. */
  readonly lengths: readonly number[];
  /** The stored hash of each entry: 64 hexadecimal digits each. */
  readonly hashes: string;
}

const entriesInPart = 500;
const partsAtOnce = 8;

/**
 * Reads the journal as it was hashed, table part by table part and book by book. The server puts up to 500 texts of a book together, so
 * that what is sent is bytes and not rows; memory grows neither with a book nor with the journal, on either side.
 */
export class JournalTextStore {
  /** The tables of which the journal consists; a book lies in one of them. */
  async tables(tx: Rows): Promise<string[]> {
    const rows = await tx.query<{ name: string }>(
      `SELECT relid::regclass::text AS name FROM pg_partition_tree('entry') WHERE isleaf ORDER BY relid`,
    );
    return rows.map(({ name }) => name);
  }

  /** The entries in one of the tables; a book's entries come together and in order. The next are on their way while some are worked on. */
  async *parts(tx: Rows, table: string): AsyncGenerator<JournalPart> {
    // Compiling the statement takes longer than it saves.
    await tx.query('SET LOCAL jit = off');
    await tx.query(`DECLARE journal_parts NO SCROLL CURSOR FOR ${partsSql(table)}`);
    const fetch = () => tx.query<JournalPart>(`FETCH ${partsAtOnce} FROM journal_parts`);
    let coming: Promise<JournalPart[]> | undefined = fetch();
    try {
      while (coming !== undefined) {
        const parts: JournalPart[] = await coming;
        coming = parts.length < partsAtOnce ? undefined : fetch();
        // Where nobody waits for it any more, its failure is that of the transaction.
        coming?.catch(() => undefined);
        yield* parts;
      }
    } finally {
      // Also where the reader has seen enough. In a transaction that has failed there is nothing to close.
      await tx.query('CLOSE journal_parts').catch(() => undefined);
    }
  }
}

const partsSql = (table: string): string => `
  SELECT book_id AS "bookId", convert_from(string_agg(canonical, '' ORDER BY version), 'SQL_ASCII') AS canonical,
         json_agg(length(canonical) ORDER BY version) AS lengths,
         encode(string_agg(hash, '' ORDER BY version), 'hex') AS hashes
    FROM ${table} GROUP BY book_id, (version - 1) / ${entriesInPart} ORDER BY book_id, (version - 1) / ${entriesInPart}`;
