import { topics } from '@app/contracts';
import { Database, newId } from '@app/persistence';
import { freshDatabase } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aCustomer } from './events.ts';
import { ledgerCommand, ledgerProcess, type Surroundings, surroundings } from './ledger-process.ts';
import { appears } from './service-for-specs.ts';

let around: Surroundings;

beforeAll(async () => {
  around = await surroundings('ledger-killed');
}, 60_000);

afterAll(() => around.close());

describe('an adjustment whose process is killed between its entry and its outcome', () => {
  it('is finished by the next process, with one entry', async () => {
    const { environment, database } = around;
    const first = await ledgerProcess(environment);
    const [anna, bo] = ['anna', 'bo'].map((name) =>
      around.someone(first, name, 'adjustments:request adjustments:approve ledger:read'),
    );
    const customerId = newId('cus');
    await around.publish(topics.customers.name, aCustomer(customerId));
    await appears(database, 'SELECT 1 FROM book_head WHERE book_id = $1', [customerId]);
    const adjustment = {
      template: 'grant',
      customerId,
      amount: { amount: '5', currency: 'CNY' },
      reasonId: 'x',
    };
    const asked = await anna?.post('/v1/adjustments', { reason: 'as agreed by phone', adjustment });
    const adjustmentId = String(asked?.body['adjustmentId']);

    await database.transaction(async (tx) => {
      await tx.query('LOCK TABLE adjustment_outcome IN EXCLUSIVE MODE');
      const decision = { payloadSha256: asked?.body['payloadSha256'], reason: 'checked the papers' };
      const approval = bo?.post(`/v1/adjustments/${adjustmentId}/approve`, decision).catch(() => 'no answer');
      // The entry is written, and the outcome cannot be: there the process is killed.
      await appears(database, `SELECT 1 FROM entry WHERE book_id = $1 AND kind = 'grant'`, [customerId]);
      await first.kill();
      expect(await approval).toBe('no answer');
    });
    await database.query(`ALTER TABLE adjustment_decision DISABLE TRIGGER only_added_to`);
    await database.query(`UPDATE adjustment_decision SET decided_at = decided_at - interval '1 minute'`);

    const second = await ledgerProcess({ ...environment, SWEEP_SECONDS: '1' });
    const { version } = await appears<{ version: string }>(
      database,
      'SELECT version::text FROM adjustment_outcome WHERE adjustment_id = $1',
      [adjustmentId],
    );
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const reader = around.someone(second, 'anna', 'ledger:read');
    expect((await reader.get(`/v1/adjustments/${adjustmentId}`)).body).toMatchObject({
      status: 'posted',
      version,
    });
    expect((await reader.get(`/v1/customers/${customerId}/balance`)).body).toMatchObject({ granted: '5' });
    const { deeds } = (await reader.get(`/v1/audit?subjectId=${adjustmentId}`)).body as {
      deeds: { actor: string; action: string }[];
    };
    expect(deeds.map(({ actor, action }) => `${actor} ${action}`)).toEqual([
      'anna adjustment-requested',
      'bo adjustment-approved',
      'haoli/ledger adjustment-posted',
    ]);
    await second.stop();
  }, 120_000);
});

describe('a database that is gone', () => {
  it('is made again from the topic by the command, and the ledger goes on', async () => {
    const { environment, database } = around;
    const empty = { ...environment, LEDGER_DATABASE_URL: await freshDatabase('ledger-made-again') };
    expect(await ledgerCommand(empty, 'restore.js', 'everything')).toMatchObject({
      code: 2,
      said: expect.stringContaining('Usage: restore topic|projections'),
    });
    const restored = await ledgerCommand(empty, 'restore.js', 'topic');
    expect([restored.said, restored.code]).toEqual([expect.stringContaining('"agrees": true'), 0]);
    const again = await ledgerCommand(empty, 'restore.js', 'topic');
    expect([again.said, again.code]).toEqual([expect.stringContaining('is not empty'), 1]);
    const other = new Database({ url: empty.LEDGER_DATABASE_URL, applicationName: 'killed spec' });
    const heads =
      'SELECT book_id, version, encode(hash, $1) AS hash, granted FROM book_head ORDER BY book_id';
    expect(await other.query(heads, ['hex'])).toEqual(await database.query(heads, ['hex']));
    await other.close();
    const projections = await ledgerCommand(empty, 'restore.js', 'projections');
    expect([projections.said, projections.code]).toEqual([expect.stringContaining('"agrees": true'), 0]);
  }, 120_000);
});
