import { describe, expect, it } from '@jest/globals';
import { budgetsAt } from './key-budgets.ts';
import { Budgets, KeyPolicy, noBudgets, unlimited } from './key-policy.ts';

const policy = KeyPolicy.parse({ budgets: { total: '100', daily: '5', monthly: '50' } });

describe('the budgets of a key', () => {
  it.each([
    ['2026-11-22T15:59:59.999999Z', 'Asia/Shanghai', '2026-11-22', '2026-11'],
    ['2026-11-22T16:00:00.000000Z', 'Asia/Shanghai', '2026-11-23', '2026-11'],
    ['2026-11-30T18:30:00.000000Z', 'Asia/Kolkata', '2026-12-01', '2026-12'],
    ['2026-12-31T23:00:00.000000Z', 'America/New_York', '2026-12-31', '2026-12'],
  ])('count at %s in %s for the day %s and the month %s', (at, timeZone, day, month) => {
    expect(budgetsAt({ policy, customerBudgets: noBudgets, timeZone }, at)).toEqual([
      { owner: 'key', window: 'total', limit: '100' },
      { owner: 'key', window: day, limit: '5' },
      { owner: 'key', window: month, limit: '50' },
    ]);
  });

  it('are none where none were set', () => {
    expect(
      budgetsAt(
        { policy: unlimited, customerBudgets: noBudgets, timeZone: 'Asia/Shanghai' },
        '2026-11-22T00:00:00Z',
      ),
    ).toEqual([]);
  });

  it('stand beside those of the customer', () => {
    const customerBudgets = Budgets.parse({ monthly: '80' });
    const budgets = budgetsAt({ policy, customerBudgets, timeZone: 'Asia/Shanghai' }, '2026-11-22T00:00:00Z');
    expect(budgets).toHaveLength(4);
    expect(budgets).toContainEqual({ owner: 'key', window: '2026-11', limit: '50' });
    expect(budgets).toContainEqual({ owner: 'customer', window: '2026-11', limit: '80' });
  });
});
