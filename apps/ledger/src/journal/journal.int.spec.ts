import { Units18 } from '@app/money';
import { freshDatabase } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ask, ledgerOn, type LedgerForSpecs } from '../../test/ledger-for-specs.ts';
import type { Outcome, PostRequest } from './journal.ts';
import { BalanceStore } from '../balances/balance.store.ts';
import { TrialBalanceStore } from '../reports/trial-balance.store.ts';

let ledger: LedgerForSpecs;
const kinds = (outcomes: readonly Outcome[]) => outcomes.map(({ kind }) => kind);
const post = (...requests: PostRequest[]) => ledger.journal.post(requests);
const count = async (sql: string, values: unknown[] = []) =>
  Number((await ledger.database.query<{ count: string }>(`SELECT count(*) FROM ${sql}`, values))[0]?.count);

beforeAll(async () => {
  ledger = await ledgerOn(await freshDatabase('journal'));
});
afterAll(async () => {
  await ledger.close();
});

describe('the journal', () => {
  it('records a life of a wallet, entry by entry', async () => {
    const book = 'cus_life';
    const outcomes = await post(
      ask.plan(book),
      ask.topUp(book, 'top_life', '50'),
      ask.hold(book, 'hold_life', '0.02575'),
      ask.settle(book, 'hold_life', '0.0195'),
      ask.hold(book, 'hold_life2', '1'),
      ask.release(book, 'hold_life2'),
    );
    expect(kinds(outcomes)).toEqual(Array<string>(6).fill('recorded'));
    const [balance] = await new BalanceStore(ledger.database).now([book]);
    expect(balance).toMatchObject({
      paid: '49.9805',
      held: '0',
      available: '49.9805',
      refundable: '49.9805',
      version: '6',
    });
    const lots = await ledger.database.query(
      'SELECT trim_scale(used)::text AS used, trim_scale(remaining)::text AS remaining FROM lot WHERE book_id = $1',
      [book],
    );
    expect(lots).toEqual([{ used: '0.0195', remaining: '49.9805' }]);
    expect(await count('hold WHERE book_id = $1', [book])).toBe(0);
    const ends = await ledger.database.query(
      'SELECT hold_id, outcome FROM hold_end WHERE book_id = $1 ORDER BY hold_id',
      [book],
    );
    expect(ends).toEqual([
      { hold_id: 'hold_life', outcome: 'settled' },
      { hold_id: 'hold_life2', outcome: 'released' },
    ]);
    const { totals } = await new TrialBalanceStore(ledger.database).read();
    expect(totals).toEqual([{ currency: 'CNY', debit: '50', credit: '50', difference: '0' }]);
  });

  it('applies an event once, for ever, whoever asks again', async () => {
    const book = 'cus_once';
    await post(ask.plan(book), ask.topUp(book, 'top_once', '20'));
    const again = ask.topUp(book, 'top_once', '20');
    expect(kinds(await post(again, again))).toEqual(['repeated', 'repeated']);
    expect(kinds(await ledger.another().post([again]))).toEqual(['repeated']);
    const [outcome] = await post(again);
    expect(outcome).toMatchObject({
      kind: 'repeated',
      first: { version: 2, kind: 'top-up', paid: Units18.fromText('20') },
    });
    expect(await count('entry WHERE book_id = $1', [book])).toBe(2);
  });

  it('says a repeated hold was placed, also after it ended and the money is gone', async () => {
    const book = 'cus_again';
    const hold = ask.hold(book, 'hold_again', '10');
    await post(
      ask.plan(book),
      ask.topUp(book, 'top_again', '10'),
      hold,
      ask.settle(book, 'hold_again', '10'),
    );
    expect(kinds(await post(hold))).toEqual(['repeated']);
    expect(kinds(await post(ask.hold(book, 'hold_more', '0.01')))).toEqual(['refused']);
  });

  it('finds an event that comes again with other data to be a conflict, and changes nothing', async () => {
    const book = 'cus_conflict';
    await post(ask.plan(book), ask.topUp(book, 'top_conflict', '20'));
    const [outcome, other] = await post(
      ask.topUp(book, 'top_conflict', '2000'),
      ask.topUp(book, 'top_other', '1'),
    );
    expect(outcome).toMatchObject({
      kind: 'conflict',
      reason: expect.stringContaining('entry 2 (top-up)') as unknown,
    });
    expect(other?.kind).toBe('recorded');
    const [balance] = await new BalanceStore(ledger.database).now([book]);
    expect(balance?.paid).toBe('21');
  });

  it('lets exactly ten of two hundred parallel holds of one pass on a balance for ten, from two processes', async () => {
    const book = 'cus_race';
    await post(ask.plan(book), ask.topUp(book, 'top_race', '10'));
    const second = ledger.another();
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        (index % 2 === 0 ? ledger.journal : second).post([ask.hold(book, `hold_race${index}`, '1')]),
      ),
    );
    const words = outcomes.flatMap(kinds);
    expect(words.filter((word) => word === 'recorded')).toHaveLength(10);
    expect(words.filter((word) => word === 'refused')).toHaveLength(190);
    const [balance] = await new BalanceStore(ledger.database).now([book]);
    expect(balance).toMatchObject({ paid: '10', held: '10', available: '0' });
    expect(await count('hold WHERE book_id = $1', [book])).toBe(10);
  });

  it('sees what another process wrote before it refuses', async () => {
    const book = 'cus_two';
    const other = ledger.another();
    await post(ask.plan(book));
    expect(kinds(await other.post([ask.hold(book, 'hold_two1', '1')]))).toEqual(['refused']);
    await post(ask.topUp(book, 'top_two', '5'));
    expect(kinds(await other.post([ask.hold(book, 'hold_two2', '1')]))).toEqual(['recorded']);
    expect(kinds(await post(ask.settle(book, 'hold_two2', '0.5')))).toEqual(['recorded']);
    const [balance] = await new BalanceStore(ledger.database).now([book]);
    expect(balance).toMatchObject({ paid: '4.5', held: '0' });
  });

  it('charges what has no money later, and collects it with the next top-up', async () => {
    const book = 'cus_wait';
    await post(ask.plan(book), ask.charge(book, 'use_wait', '0.3'));
    expect(await count('waiting_charge WHERE book_id = $1', [book])).toBe(1);
    const [outcome] = await ledger.another().post([ask.topUp(book, 'top_wait', '1')]);
    expect(outcome?.kind === 'recorded' && outcome.entries.map(({ entry }) => entry.kind)).toEqual([
      'top-up',
      'charge-collected',
    ]);
    expect(await count('waiting_charge WHERE book_id = $1', [book])).toBe(0);
    const [balance] = await new BalanceStore(ledger.database).now([book]);
    expect(balance?.paid).toBe('0.7');
  });

  it('refuses what has no book, and a settled hold a second time', async () => {
    const [unknown] = await post(ask.topUp('cus_nobody', 'top_nobody', '1'));
    expect(unknown).toMatchObject({ kind: 'refused', refusal: { code: 'unknown-account' } });
    const book = 'cus_settled';
    await post(
      ask.plan(book),
      ask.topUp(book, 'top_settled', '1'),
      ask.hold(book, 'hold_s', '1'),
      ask.settle(book, 'hold_s', '1'),
    );
    const twice = ask.settle(book, 'hold_s', '1');
    const [outcome] = await post({ ...twice, command: { ...twice.command, eventId: 'another' } });
    expect(outcome).toMatchObject({ kind: 'refused', refusal: { code: 'hold-settled' } });
  });

  it('loses nothing and writes nothing twice while the database ends its connections', async () => {
    const book = 'cus_cut';
    await post(ask.plan(book), ask.topUp(book, 'top_cut', '100'));
    let cuts = 0;
    const cutting = setInterval(() => {
      cuts += 1;
      void ledger.database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'ledger spec writer'`,
      );
    }, 400);
    const postUntilDone = async (request: PostRequest): Promise<string> => {
      for (;;) {
        const outcomes = await ledger.journal.post([request]).catch(() => undefined);
        const [outcome] = outcomes ?? [];
        if (outcome) return outcome.kind;
      }
    };
    const words: string[] = [];
    let rounds = 0;
    for (; cuts < 6; rounds += 1) {
      const requests = Array.from({ length: 5 }, (_, n) =>
        ask.charge(book, `use_cut_${rounds}_${n}`, '0.001'),
      );
      words.push(...(await Promise.all(requests.map(postUntilDone))));
    }
    clearInterval(cutting);
    expect(words.filter((word) => word !== 'recorded' && word !== 'repeated')).toEqual([]);
    expect(await count('entry WHERE book_id = $1', [book])).toBe(2 + rounds * 5);
    const [balance] = await new BalanceStore(ledger.database).now([book]);
    const spent = Units18.times(Units18.fromText('0.001'), BigInt(rounds * 5));
    expect(balance?.paid).toBe(Units18.toText(Units18.subtract(Units18.fromText('100'), spent)));
  });

  it('numbers, stamps and chains the entries of a book without a gap', async () => {
    const rows = await ledger.database.query<{ breaks: string }>(
      `SELECT count(*) AS breaks FROM entry e LEFT JOIN entry p ON p.book_id = e.book_id AND p.version = e.version - 1
        WHERE e.version > 1 AND (p.version IS NULL OR p.hash <> e.previous_hash OR p.recorded_at > e.recorded_at)`,
    );
    expect(rows[0]?.breaks).toBe('0');
  });
});
