import { freshDatabase } from '@app/testing';
import { Database } from '@app/persistence';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ask, ledgerOn, type LedgerForSpecs } from '../../test/ledger-for-specs.ts';
import { BalanceStore } from './balance.store.ts';

let ledger: LedgerForSpecs;
let service: Database;
let balances: BalanceStore;
const entries = 53;

beforeAll(async () => {
  ledger = await ledgerOn(await freshDatabase('as-of'));
  service = new Database({ url: ledger.serviceUrl, applicationName: 'as of spec' });
  balances = new BalanceStore(service);
  await ledger.journal.post([ask.plan('cus_a'), ask.plan('cus_b')]);
  for (let version = 2; version <= entries; version += 1) {
    await ledger.journal.post([ask.topUp('cus_a', `top_${String(version)}`, '1')]);
    if (version % 7 === 0) await ledger.journal.post([ask.topUp('cus_b', `top_b${String(version)}`, '1')]);
  }
}, 60_000);

afterAll(async () => {
  await service.close();
  await ledger.close();
});

describe('the balance as of an instant', () => {
  it('is the one after the last entry until then, wherever that lies between the milestones of the index', async () => {
    const rows = await ledger.database.query<{ version: string; at: string; before: string }>(
      `SELECT version::text, recorded_at AS at, recorded_at - interval '1 microsecond' AS before
         FROM entry WHERE book_id = 'cus_a' ORDER BY version`,
    );
    expect(rows).toHaveLength(entries);
    for (const { version, at, before } of rows) {
      expect(await balances.asOf('cus_a', at)).toMatchObject({ version });
      const earlier = await balances.asOf('cus_a', before);
      expect(earlier?.version).toBe(version === '1' ? undefined : String(Number(version) - 1));
    }
    expect(await balances.asOf('cus_a', '2999-01-01T00:00:00Z')).toMatchObject({ version: String(entries) });
  });

  it('is the one after all entries of a batch, which share their stamp', async () => {
    const batch = Array.from({ length: 75 }, (_, n) => ask.topUp('cus_b', `top_batch${n}`, '1'));
    await ledger.journal.post(batch);
    const [last] = await ledger.database.query<{ version: string; at: string; before: string }>(
      `SELECT max(version)::text AS version, recorded_at AS at, recorded_at - interval '1 microsecond' AS before
         FROM entry WHERE book_id = 'cus_b' GROUP BY recorded_at ORDER BY recorded_at DESC LIMIT 1`,
    );
    if (last === undefined) throw new Error('there is no entry');
    expect(await balances.asOf('cus_b', last.at)).toMatchObject({ version: last.version });
    expect(await balances.asOf('cus_b', last.before)).toMatchObject({
      version: String(Number(last.version) - batch.length),
    });
  });

  it('reads some sixteen entries at most, however many there are', async () => {
    const [row] = await ledger.database.query<{ at: string }>(
      `SELECT recorded_at AS at FROM entry WHERE book_id = 'cus_a' AND version = 47`,
    );
    const plan = await ledger.database.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
      `EXPLAIN (ANALYZE, FORMAT JSON) SELECT version FROM entry_as_of('cus_a', '${row?.at ?? ''}')`,
    );
    const nodes = nodesOf(plan[0]?.['QUERY PLAN'][0].Plan);
    expect(nodes.map((node) => node['Node Type'])).not.toContain('Seq Scan');
    expect(
      Math.max(...nodes.map((node) => node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0))),
    ).toBeLessThanOrEqual(16);
  });
});

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Actual Rows': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

const nodesOf = (node: PlanNode | undefined): PlanNode[] =>
  node === undefined ? [] : [node, ...(node.Plans ?? []).flatMap(nodesOf)];
