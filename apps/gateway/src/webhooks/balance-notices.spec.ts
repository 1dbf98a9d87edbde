import { describe, expect, it } from '@jest/globals';
import { EntryRecorded } from '@app/contracts';
import { type BalanceAlert, balanceNotices } from './balance-notices.ts';

const { data: sample } = EntryRecorded.sample;
const { bookId } = sample;
const wallet = `wallet:${bookId}:paid`;

const alerts = (...thresholds: string[]): BalanceAlert[] =>
  thresholds.map((threshold) => ({ threshold, since: '2026-01-01T00:00:00.000000Z' }));

/** An entry that moves the wallet by an amount, down where it begins with a minus, to what it then has. */
function moved(by: string, paid: string, changes: Partial<typeof sample> = {}) {
  const amount = by.replace('-', '');
  const revenue = 'revenue:usage:paid';
  const posting = by.startsWith('-')
    ? { debit: wallet, credit: revenue, amount }
    : { debit: revenue, credit: wallet, amount };
  const postings = amount === '0' ? [] : [posting];
  return { ...sample, kind: 'settle', postings, balance: { paid, granted: '0', held: '0' }, ...changes };
}
const told = (entry: typeof sample, ...thresholds: string[]) =>
  balanceNotices(entry, alerts(...thresholds)).map(({ type, data }) =>
    [type, data['threshold']].filter(Boolean).join(' '),
  );

describe('what a customer is told of its balance', () => {
  it.each([
    ['comes down to the threshold', '-1', '10', ['balance.low 10']],
    ['comes down past it', '-5', '8', ['balance.low 10']],
    ['was at it already', '-1', '9', []],
    ['stays above it', '-1', '10.000000000000000001', []],
    ['rises past it', '5', '12', []],
    ['does not move', '0', '5', []],
    ['is used up', '-1', '0', ['balance.exhausted']],
    ['falls from far above to nothing', '-50', '0', ['balance.low 10', 'balance.exhausted']],
    ['was used up before', '0', '0', []],
  ])('where it %s', (_name, by, paid, expected) => {
    expect(told(moved(by, paid), '10')).toEqual(expected);
  });

  it('is each threshold that one entry passes', () => {
    expect(told(moved('-100', '1'), '50', '20', '0.5')).toEqual(['balance.low 50', 'balance.low 20']);
  });

  it('counts granted money, and does not count what is held', () => {
    const balance = { paid: '4', granted: '6.5', held: '10' };
    expect(told(moved('-1', '4', { balance }), '10')).toEqual([]);
    const [notice] = balanceNotices(
      moved('-1', '4', { balance: { paid: '4', granted: '6', held: '3' } }),
      alerts('10'),
    );
    expect(notice?.data).toEqual({
      ...{
        threshold: '10',
        currency: 'CNY',
        balance: '10',
        paid: '4',
        granted: '6',
        held: '3',
        available: '7',
      },
    });
  });

  it('is not what happened before the threshold was set', () => {
    const set = { threshold: '10', since: '2026-11-22T08:00:31.000000Z' };
    expect(balanceNotices(moved('-1', '10'), [set])).toEqual([]);
  });

  it('has an id that follows from the entry and the threshold', () => {
    const ids = (version: number) =>
      balanceNotices(moved('-100', '1', { version }), alerts('50', '20')).map(({ eventId }) => eventId);
    expect(ids(7)).toEqual(ids(7));
    expect(new Set([...ids(7), ...ids(8)]).size).toBe(4);
    expect(ids(7)[0]).toMatch(/^evt_[0-9a-f]{32}$/);
  });

  it.each([
    ['top-up', 'top_1:settled'],
    ['suspense-out', 'top_1:assigned'],
  ])('is a payment, once it is in the wallet (%s)', (kind, eventId) => {
    const [notice] = balanceNotices(moved('50', '62.5', { kind, eventId }), []);
    expect(notice).toMatchObject({
      type: 'top_up.credited',
      customerId: bookId,
      at: sample.recordedAt,
      data: { top_up_id: 'top_1', amount: '50', currency: 'CNY', balance: '62.5' },
    });
  });
});
