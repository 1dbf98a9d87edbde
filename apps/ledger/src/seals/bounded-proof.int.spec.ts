import { Database, type Tx } from '@app/persistence';
import { freshDatabase } from '@app/testing';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ask, ledgerOn, type LedgerForSpecs } from '../../test/ledger-for-specs.ts';
import { sealsOn, travellingClock } from '../../test/seals-for-specs.ts';
import { ExportStore } from './export.store.ts';
import { type InclusionProof, proofDifference } from './proof.ts';
import { SealStore } from './seal.store.ts';
import { SealsHandler } from './seals.handler.ts';
import { TreeStore } from './tree.store.ts';

const books = 70_000;
let ledger: LedgerForSpecs;
let clockDatabase: Database;
let service: Database;
let seals: Awaited<ReturnType<typeof sealsOn>>;

/** Two days of very many books: three levels of pages. One of them has real entries, in the middle. */
beforeAll(async () => {
  const url = await freshDatabase('bounded_proof');
  clockDatabase = new Database({ url, applicationName: 'spec clock' });
  const clock = await travellingClock(clockDatabase, new URL(url).pathname.slice(1));
  ledger = await ledgerOn(url);
  service = new Database({ url: ledger.serviceUrl, applicationName: 'spec service' });
  seals = await sealsOn(service);
  await clock.set('2030-05-01T10:00:00Z');
  await ledger.database.query(`INSERT INTO day_cut (day, cut) SELECT '2030-04-30', '2030-04-30T16:00:00Z'`);
  await ledger.database.query(
    `INSERT INTO sealed_head (book_id, day, version, hash)
     SELECT 'cus_' || lpad(n::text, 6, '0'), '2030-04-30', n, sha256(n::text::bytea) FROM generate_series(1, ${String(books)}) n`,
  );
  await ledger.journal.post([ask.plan('cus_035000x'), ask.topUp('cus_035000x', 'top_a', '100')]);
  await clock.set('2030-05-01T16:00:05Z');
  await seals.sealDays.handle();
  await ledger.journal.post([ask.charge('cus_035000x', 'use_a', '1')]);
  await clock.set('2030-05-02T16:00:05Z');
  await seals.sealDays.handle();
  await ledger.database.query('VACUUM ANALYZE');
}, 60_000);

afterAll(async () => {
  await service.close();
  await ledger.close();
  await clockDatabase.close();
});

interface Asked {
  readonly proof: InclusionProof;
  /** Rows of all tables that were looked at. */
  readonly rows: number;
}

const proven = (version: number): Promise<Asked> =>
  service.transaction(async (tx) => {
    const database = tx as unknown as Database;
    const questions = new SealsHandler(
      new SealStore(database, new TreeStore(database)),
      new ExportStore(database),
    );
    const before = await rowsRead(tx);
    const proof = await questions.prove({ bookId: 'cus_035000x', version });
    return { proof, rows: (await rowsRead(tx)) - before };
  });

async function rowsRead(tx: Tx): Promise<number> {
  const [row] = await tx.query<{ rows: string }>(
    'SELECT sum(seq_tup_read + idx_tup_fetch) AS rows FROM pg_stat_xact_user_tables',
  );
  return Number(row?.rows);
}

it('proves an entry among very many books from one page of each level, on each day', async () => {
  for (const version of [1, 2, 3]) {
    const { proof, rows } = await proven(version);
    expect(proofDifference(proof, seals.key.keys)).toBeUndefined();
    expect(proof.seal.books).toBe(books + 1);
    expect(proof.path).toHaveLength(17);
    expect(rows).toBeLessThan(50);
  }
});

it('keeps of a day in which one book moved only the pages above it', async () => {
  const [row] = await service.query<{ pages: string }>('SELECT count(*) AS pages FROM tree_page');
  const firstDay = Math.ceil((books + 1) / 256) + 2 + 1;
  expect(Number(row?.pages)).toBe(firstDay + 3);
});

it('makes the pages of a tree again where they were thrown away, and proves nothing by pages that were changed', async () => {
  await ledger.database.query('TRUNCATE tree_page');
  const proof = await seals.questions.prove({ bookId: 'cus_035000x', version: 1 });
  expect(proofDifference(proof, seals.key.keys)).toBeUndefined();
  expect((await proven(2)).rows).toBeLessThan(50);
  await ledger.database.query(
    `UPDATE tree_page SET nodes = overlay(nodes PLACING '\\x00'::bytea FROM 1) WHERE level = 0`,
  );
  await expect(seals.questions.prove({ bookId: 'cus_035000x', version: 1 })).rejects.toThrow(
    'The head 2 of cus_035000x is not in the tree of 2030-05-01: verify says why.',
  );
});
