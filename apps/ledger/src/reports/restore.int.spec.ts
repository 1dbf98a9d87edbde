import { topics } from '@app/contracts';
import { KafkaEventLog, readWholeTopic } from '@app/kafka';
import { freshDatabase, testServers, topicPrefix } from '@app/testing';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ask, ledgerOn, type LedgerForSpecs } from '../../test/ledger-for-specs.ts';
import { journalSource } from '../journal/journal-source.store.ts';
import { JournalReader } from './journal-reader.store.ts';
import { JournalRestoreStore } from './journal-restore.store.ts';
import { ProjectionStore } from './projections.store.ts';
import { RebuildHandler } from './rebuild.handler.ts';
import { RestoreJournalHandler } from './restore-journal.handler.ts';
import { RestoreProjectionsHandler } from './restore-projections.handler.ts';

let live: LedgerForSpecs;
let events: KafkaEventLog;
const kafka = {
  clientId: 'spec',
  groupId: 'spec',
  brokers: testServers().kafkaBrokers.split(','),
  topicPrefix: topicPrefix(),
  partitions: 3,
  replicas: 1,
};
const books = ['cus_restore1', 'cus_restore2', 'cus_restore3'];

const history = (book: string) => [
  ask.plan(book),
  ask.topUp(book, `top_${book}_1`, '5'),
  ask.topUp(book, `top_${book}_2`, '50'),
  ask.grant(book, `grant_${book}`, '0.01'),
  ...['1', '2', '3'].map((name) => ask.hold(book, `hold_${book}_${name}`, '2')),
  ask.settle(book, `hold_${book}_1`, '7.5'),
  ask.release(book, `hold_${book}_2`),
  ask.charge(book, `use_${book}`, '600'),
];

/** Every row that follows from the journal, as one text. */
async function projectionsOf({ database }: LedgerForSpecs): Promise<string> {
  const rows = await database.query(
    `SELECT 'head' AS what, to_jsonb(h) - 'hash' || jsonb_build_object('hash', encode(hash, 'hex')) AS row FROM book_head h
     UNION ALL SELECT 'hold', to_jsonb(x) FROM hold x UNION ALL SELECT 'end', to_jsonb(x) FROM hold_end x
     UNION ALL SELECT 'lot', to_jsonb(x) FROM lot x UNION ALL SELECT 'refund', to_jsonb(x) FROM refund x
     UNION ALL SELECT 'waiting', to_jsonb(x) FROM waiting_charge x
     UNION ALL SELECT 'total', jsonb_build_object('account', a.name, 'currency', currency, 'date', accounting_date,
                                                  'debit', sum(debit)::text, 'credit', sum(credit)::text)
       FROM account_total t JOIN account a ON a.code = t.account GROUP BY a.name, currency, accounting_date
     ORDER BY 1, 2`,
  );
  return JSON.stringify(rows, null, 1);
}

const journalOf = ({ database }: LedgerForSpecs) =>
  database.query(
    `SELECT book_id, version, kind, event_id, encode(canonical, 'hex') AS canonical, encode(hash, 'hex') AS hash, recorded_at
       FROM entry ORDER BY book_id, version`,
  );

const restoring = ({ database }: LedgerForSpecs) =>
  new RestoreProjectionsHandler(database, new JournalReader(database), new ProjectionStore());

const rebuildOf = ({ database }: LedgerForSpecs) => new RebuildHandler(database).handle();

/** Publishes all that was recorded, as the relay does; `twice` of the last ones once more. */
async function publishJournal(twice: number): Promise<void> {
  const read = () => live.database.query<Record<string, unknown>>(journalSource.sql, ['0', '0', 10_000]);
  // What lies above the oldest transaction of the server is not shown yet, and other specs run on it too.
  let rows = await read();
  for (; rows.length < books.length * 10; rows = await read()) await pause(50);
  const wire = rows.map(journalSource.toRow);
  await events.publish('ledger.journal.v1', [...wire, ...wire.slice(-twice)]);
}

beforeAll(async () => {
  live = await ledgerOn(await freshDatabase('restore-live'));
  events = new KafkaEventLog(kafka);
  await events.ensureTopics();
  for (const book of books) await live.journal.post(history(book));
  await live.database.query(`UPDATE hold SET finished_at = '2026-11-22T08:00:00Z' WHERE book_id = $1`, [
    books[0],
  ]);
  await publishJournal(4);
});
afterAll(async () => {
  await events.close(5_000);
  await live.close();
});

describe('restoring', () => {
  it('makes every projection anew, to the same bytes, also where all of it is gone', async () => {
    const before = await projectionsOf(live);
    await live.database.query(
      `UPDATE lot SET used = used + 1, remaining = remaining - 1 WHERE book_id = $1 AND remaining > 1`,
      [books[1]],
    );
    await live.database.query('DELETE FROM account_total');
    await live.database.query('DELETE FROM hold_end');
    await live.database.query('DELETE FROM book_head WHERE book_id = $1', [books[2]]);
    expect((await rebuildOf(live)).agrees).toBe(false);
    expect(await restoring(live).handle()).toBe(3);
    expect(await projectionsOf(live)).toBe(before);
    expect(await rebuildOf(live)).toMatchObject({ agrees: true, chainVerified: true });
  });

  it('does so while charges go on, and loses none', async () => {
    const book = 'cus_busy';
    await live.journal.post([ask.plan(book), ask.topUp(book, 'top_busy', '100')]);
    const charges = Array.from({ length: 120 }, (_, n) => ask.charge(book, `use_busy${String(n)}`, '0.5'));
    const charging = (async () => {
      for (const charge of charges) await live.journal.post([charge]);
    })();
    for (let round = 0; round < 4; round += 1) await restoring(live).handle();
    await charging;
    const [head] = await live.database.query(
      'SELECT version, trim_scale(paid)::text AS paid FROM book_head WHERE book_id = $1',
      [book],
    );
    expect(head).toEqual({ version: '122', paid: '40' });
    expect(await rebuildOf(live)).toMatchObject({ agrees: true, chainVerified: true });
  });

  it('makes an empty database from the topic: the same journal, the same projections, nothing to publish', async () => {
    const empty = await ledgerOn(await freshDatabase('restore-empty'));
    const restore = new RestoreJournalHandler(new JournalRestoreStore(empty.database));
    await readWholeTopic(kafka, topics.journal, (records) => restore.take(records));
    await new JournalRestoreStore(empty.database).markPublished();
    await restoring(empty).handle();
    expect(restore.progress).toEqual({ books: 3, entries: 30 });
    const inLive = (await journalOf(live)).filter((row) =>
      (row['book_id'] as string).startsWith('cus_restore'),
    );
    expect(await journalOf(empty)).toEqual(inLive);
    expect(await rebuildOf(empty)).toMatchObject({ agrees: true, chainVerified: true, entries: '30' });
    const [cursor] = await empty.database.query<{ xid: string; id: string }>(
      `SELECT xid::text, id::text FROM outbox_cursor WHERE source = 'journal'`,
    );
    expect(await empty.database.query(journalSource.sql, [cursor?.xid, cursor?.id, 10])).toEqual([]);
    const [next] = await empty.journal.post([ask.topUp('cus_restore1', 'top_after', '1')]);
    expect(next?.kind).toBe('recorded');
    await empty.close();
  });

  it('refuses a topic that does not tell one unbroken journal', async () => {
    const restore = new RestoreJournalHandler(new JournalRestoreStore(live.database));
    const rows = await live.database.query<Record<string, unknown>>(journalSource.sql, ['0', '0', 3]);
    const [first, , third] = rows
      .map(journalSource.toRow)
      .map(({ value }) => JSON.parse(value) as Record<string, unknown>);
    const record = (data: unknown) => ({ offset: '7', event: { data } }) as never;
    await expect(restore.take([record({ ...first, canonicalBytes: 'AAECAw==' })])).rejects.toThrow(
      'the hash does not follow',
    );
    await expect(restore.take([record(third)])).rejects.toThrow('/3: entry 1 is missing');
  });
});
