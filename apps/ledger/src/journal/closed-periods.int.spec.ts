import { createHash } from 'node:crypto';
import { freshDatabase } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ask, ledgerOn, type LedgerForSpecs } from '../../test/ledger-for-specs.ts';

let ledger: LedgerForSpecs;

beforeAll(async () => {
  ledger = await ledgerOn(await freshDatabase('closed-periods'));
});
afterAll(() => ledger.close());

/** Closes November, or opens it again, as two people would have it. */
async function november(change: 'closed' | 'open', adjustmentId: string): Promise<void> {
  const sha = createHash('sha256').update('{}').digest('hex');
  const expires = '2999-01-01T00:00:00Z';
  await ledger.database.query(
    `INSERT INTO adjustment (adjustment_id, template, book_id, event_id, about_id, payload, payload_sha256, reason,
                             requested_by, request_key, expires_at)
     VALUES ($1, 'close-period', '', $1, '', '{}', $2, 'the month is over', 'anna', $1, $3)`,
    [adjustmentId, sha, expires],
  );
  await ledger.database.query(
    `INSERT INTO adjustment_decision (adjustment_id, payload_sha256, requested_by, expires_at, verdict, decided_by, reason)
     VALUES ($1, $2, 'anna', $3, 'approved', 'bo', 'the papers are in')`,
    [adjustmentId, sha, expires],
  );
  await ledger.database.query(
    `INSERT INTO period_change (first_day, closed, adjustment_id) VALUES ('2026-11-01', $1, $2)`,
    [change === 'closed', adjustmentId],
  );
}

describe('a month that is closed and opened again', () => {
  it('is so at once for every process, also for one that has just looked', async () => {
    const [one, other] = [ledger.journal, ledger.another()];
    const book = 'cus_months';
    await one.post([ask.plan(book), ask.topUp(book, 'top_months', '10')]);
    let count = 0;
    const daysOf = async (): Promise<string[]> => {
      const days: string[] = [];
      for (const journal of [one, other, one, other]) {
        const [outcome] = await journal.post([ask.charge(book, `use_months${String((count += 1))}`, '0.5')]);
        if (outcome?.kind === 'recorded') days.push(outcome.entries[0]?.entry.accountingDate ?? '');
      }
      return days;
    };
    const [open, closed] = [new Array(4).fill('2026-11-22'), new Array(4).fill('2026-12-01')];
    expect(await daysOf()).toEqual(open);
    await november('closed', 'adj_1');
    expect(await daysOf()).toEqual(closed);
    await november('open', 'adj_2');
    expect(await daysOf()).toEqual(open);
  });
});
