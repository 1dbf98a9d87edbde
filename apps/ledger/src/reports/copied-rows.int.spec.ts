import { Database } from '@app/persistence';
import { freshDatabase } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { onExportedSnapshot, type SnapshotReader } from './exported-snapshot.store.ts';
import { JournalReader } from './journal-reader.store.ts';

let database: Database;
let url: string;

beforeAll(async () => {
  url = await freshDatabase('copied-rows');
  database = new Database({ url, applicationName: 'spec' });
});
afterAll(() => database.close());

function onSnapshot<Result>(work: (reader: SnapshotReader) => Promise<Result>): Promise<Result> {
  const reader = new JournalReader(database);
  return reader.inSnapshot(async (tx) =>
    onExportedSnapshot({ databaseUrl: url, snapshot: await reader.exportSnapshot(tx) }, work),
  );
}

const count = 100_000;
const numbers = `SELECT n::text || repeat('x', 600) AS text FROM generate_series(1, ${count}) n ORDER BY n`;
const numberOf = (row: string): number => Number(/\d+/.exec(row)?.[0]);

describe('copied rows', () => {
  it('come all, once and in order, each with the lengths of its fields', async () => {
    const seen = await onSnapshot(async (reader) => {
      const found: string[] = [];
      for await (const rows of reader.copied(numbers)) found.push(...rows);
      return found;
    });
    expect(seen).toHaveLength(count);
    expect(seen.every((row, at) => numberOf(row) === at + 1)).toBe(true);
    expect(seen[9]).toBe(`\0\0\x02\x5a10${'x'.repeat(600)}`);
  });

  it('wait for their reader: of sixty megabytes some hundred rows are in memory, and questions are answered meanwhile', async () => {
    const most = await onSnapshot(async (reader) => {
      let largest = 0;
      let taken = 0;
      for await (const rows of reader.copied(numbers)) {
        largest = Math.max(largest, rows.length);
        taken += 1;
        if (taken % 20 === 0) await pause(5);
        if (taken === 20) expect(await reader.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
      }
      return largest;
    });
    expect(most).toBeLessThan(1_500);
  });

  it('can be left before their end, and others read after them', async () => {
    const seen = await onSnapshot(async (reader) => {
      for await (const rows of reader.copied(numbers)) if (rows.length > 0) break;
      const found: string[] = [];
      for await (const rows of reader.copied(`SELECT 'second'`)) found.push(...rows);
      return found;
    });
    expect(seen).toEqual(['\0\0\0\x06second']);
  });

  it('end with the failure of their question, also after rows have come', async () => {
    const failing = `SELECT 1 / (n - 50000) FROM generate_series(1, ${count}) n`;
    await expect(
      onSnapshot(async (reader) => {
        for await (const rows of reader.copied(failing)) expect(rows.length).toBeGreaterThan(0);
      }),
    ).rejects.toThrow('division by zero');
  });

  it('end with a failure where their connection is lost', async () => {
    await expect(
      onSnapshot(async (reader) => {
        for await (const rows of reader.copied(numbers)) {
          expect(rows.length).toBeGreaterThan(0);
          await database.query(
            `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY%' AND datname = current_database()`,
          );
        }
      }),
    ).rejects.toThrow(/terminat/i);
  });
});
