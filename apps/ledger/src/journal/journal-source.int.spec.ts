import { encodeEvent, parseEvent, topics } from '@app/contracts';
import { freshDatabase } from '@app/testing';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { ask, ledgerOn, type LedgerForSpecs } from '../../test/ledger-for-specs.ts';
import { journalSource } from './journal-source.store.ts';

let ledger: LedgerForSpecs;
beforeAll(async () => {
  ledger = await ledgerOn(await freshDatabase('journal-source'));
});
afterAll(() => ledger.close());

it('publishes every entry as the schema would have written it, though the schema is not asked', async () => {
  const book = 'cus_source';
  const asked = [
    ask.plan(book),
    ask.topUp(book, 'top_"1"', '5'),
    ask.grant(book, 'grant_\\1', '0.000000000000000001'),
    ask.hold(book, 'hold_1', '2'),
    ask.hold(book, 'hold_2', '2'),
    ask.settle(book, 'hold_1', '7.5'),
    ask.release(book, 'hold_2'),
    ask.charge(book, 'use_1', '600'),
  ];
  await ledger.journal.post(asked);
  const read = () => ledger.database.query<Record<string, unknown>>(journalSource.sql, ['0', '0', 100]);
  let rows = await read();
  // What lies above the oldest transaction of the server is not shown yet, and other specs run on it too.
  for (; rows.length < asked.length; rows = await read()) await pause(50);
  for (const { key, headers, value } of rows.map(journalSource.toRow)) {
    const event = parseEvent(topics.journal.name, headers, value);
    if ('rejected' in event) throw new TypeError(event.rejected);
    expect({ key, headers, value }).toEqual(encodeEvent(topics.journal.name, event));
  }
});
