import { describe, expect, it } from '@jest/globals';
import { type Asked, Books, hoursAfterNoon, money } from '../test/books.ts';
import {
  charge,
  closeOut,
  compensate,
  correct,
  endWait,
  grant,
  hold,
  keyBudget,
  release,
  setPlan,
  settle,
  topUp,
  waitingCharge,
} from '../test/commands.ts';
import { breaksOfBooks, breaksOfEntry } from './invariants.ts';
import { standingCharge } from './standing-charge.ts';

function aWallet(paid: string, granted = '0'): Books {
  const books = new Books();
  books.post('cus_1', setPlan());
  if (paid !== '0') books.post('cus_1', topUp('top_1', paid));
  if (granted !== '0') books.post('cus_1', grant('grant_1', granted));
  return books;
}

function standing(books: Books, chargeId: string) {
  const found = standingCharge(chargeId, books.entries);
  if (found === undefined) throw new Error(`${chargeId} was not charged`);
  return found;
}

const kindsOf = (entries: readonly { readonly kind: string }[]) => entries.map(({ kind }) => kind);
const sound = (books: Books) => {
  expect(breaksOfBooks(books.all())).toEqual([]);
  expect(books.entries.flatMap(breaksOfEntry)).toEqual([]);
};

describe('a charge', () => {
  it('takes granted credit first, then the oldest top-up, and names what paid', () => {
    const books = aWallet('10', '1');
    books.post('cus_1', topUp('top_2', '10'));
    expect(books.post('cus_1', charge('call_1', '14'))).toMatchObject([
      {
        kind: 'charge',
        memo: {
          granted: money('1'),
          paid: money('13'),
          uncollected: 0n,
          lots: [
            { topUpId: 'top_1', amount: money('10') },
            { topUpId: 'top_2', amount: money('3') },
          ],
        },
      },
    ]);
    sound(books);
  });

  it('leaves what is held for other calls, and is uncollected for the rest', () => {
    const books = aWallet('10');
    books.post('cus_1', hold('hold_1', '8'));
    books.post('cus_1', charge('call_1', '3'));
    expect(books.wallet('cus_1')).toEqual({ paid: '8', granted: '0', held: '8', available: '0' });
    expect(books.balances()).toMatchObject({ 'expense:uncollected': '1', 'revenue:usage:uncollected': '-1' });
    books.post('cus_1', settle('hold_1', '9'));
    expect(books.wallet('cus_1')).toEqual({ paid: '0', granted: '0', held: '0', available: '0' });
    expect(books.balances()).toMatchObject({ 'expense:uncollected': '2', 'revenue:usage:paid': '-10' });
    sound(books);
  });

  it('of nothing is an entry without postings', () => {
    const books = aWallet('10');
    expect(books.post('cus_1', waitingCharge('call_1', '0'))).toMatchObject([
      { kind: 'charge', postings: [] },
    ]);
    sound(books);
  });
});

describe('a charge without a hold', () => {
  it('waits where it exceeds what is available, and later ones wait behind it', () => {
    const books = aWallet('10');
    expect(kindsOf(books.post('cus_1', waitingCharge('call_1', '12')))).toEqual(['charge-waiting']);
    expect(kindsOf(books.post('cus_1', waitingCharge('call_2', '1')))).toEqual(['charge-waiting']);
    expect(books.wallet('cus_1').available).toBe('10');
    expect(books.state('cus_1').waiting.map(({ chargeId }) => chargeId)).toEqual(['call_1', 'call_2']);
  });

  it('is collected, oldest first, by whatever makes its money available', () => {
    const books = aWallet('10');
    books.post('cus_1', { ...waitingCharge('call_1', '12'), eventId: 'call_1:rated' });
    books.post('cus_1', { ...waitingCharge('call_2', '3'), eventId: 'call_2:rated' });
    books.post('cus_1', waitingCharge('call_3', '100'));
    expect(kindsOf(books.post('cus_1', topUp('top_2', '1')))).toEqual(['top-up']);
    const entries = books.post('cus_1', grant('grant_2', '4'));
    expect(entries).toMatchObject([
      { kind: 'grant' },
      {
        kind: 'charge-collected',
        eventId: 'call_1:rated:collected',
        memo: { chargeId: 'call_1', granted: money('4'), paid: money('8') },
      },
      {
        kind: 'charge-collected',
        eventId: 'call_2:rated:collected',
        memo: { chargeId: 'call_2', paid: money('3') },
      },
    ]);
    expect(books.wallet('cus_1').available).toBe('0');
    expect(books.state('cus_1').waiting.map(({ chargeId }) => chargeId)).toEqual(['call_3']);
    sound(books);
  });

  it('is collected when a hold ends', () => {
    const books = aWallet('10');
    books.post('cus_1', hold('hold_1', '8'));
    books.post('cus_1', waitingCharge('call_1', '5'));
    expect(kindsOf(books.post('cus_1', release('hold_1')))).toEqual(['release', 'charge-collected']);
    sound(books);
  });

  it('takes what there is when its time is over, and lets the next one pass', () => {
    const books = aWallet('10');
    books.post('cus_1', hold('hold_1', '4'));
    books.post('cus_1', waitingCharge('call_1', '12'));
    books.post('cus_1', waitingCharge('call_2', '0.5'));
    expect(books.post('cus_1', endWait('call_1'))).toMatchObject([
      { kind: 'charge-uncollected', memo: { paid: money('6'), uncollected: money('6') } },
    ]);
    expect(kindsOf(books.post('cus_1', settle('hold_1', '1')))).toEqual(['settle', 'charge-collected']);
    expect(books.wallet('cus_1').paid).toBe('2.5');
    expect([...books.book('cus_1').takeChanges().waiting]).toEqual([
      ['call_1', null],
      ['call_2', null],
    ]);
    sound(books);
  });

  it('counts against its budget at once', () => {
    const books = aWallet('10');
    books.post('cus_1', { ...waitingCharge('call_1', '12'), budgets: [keyBudget('0')] } as Asked);
    expect(books.book('cus_1').snapshot().budgets).toMatchObject([{ spent: money('12'), held: 0n }]);
  });

  it('stands before a refund', () => {
    const books = aWallet('10');
    books.post('cus_1', waitingCharge('call_1', '12'));
    expect(books.refusal('cus_1', closeOut('ref_1')).code).toBe('charges-waiting');
  });

  it('does not keep a repeated plan or a refusal from being answered', () => {
    const books = aWallet('10');
    books.post('cus_1', waitingCharge('call_1', '12'));
    expect(books.decide('cus_1', setPlan())).toEqual({ accepted: true, events: [] });
    expect(books.refusal('cus_1', hold('hold_1', '11')).code).toBe('insufficient-funds');
  });
});

describe('a correction', () => {
  it('restores the same lots, last paid first, and reduces revenue', () => {
    const books = aWallet('10', '2');
    books.post('cus_1', topUp('top_2', '10'));
    books.post('cus_1', charge('call_1', '16'));
    const ended = [...books.book('cus_1').takeChanges().lots.values()];
    const entries = books.post(
      'cus_1',
      correct('call_1', '5', { ...standing(books, 'call_1'), endedLots: ended }),
    );
    expect(entries).toMatchObject([
      {
        memo: {
          before: { charge: money('16'), granted: money('2'), paid: money('14') },
          after: {
            charge: money('5'),
            granted: money('2'),
            paid: money('3'),
            lots: [{ topUpId: 'top_1', amount: money('3') }],
          },
          reopened: [{ topUpId: 'top_1' }],
        },
      },
    ]);
    expect(books.state('cus_1').lots).toMatchObject([
      { topUpId: 'top_1', used: money('3'), remaining: money('7') },
      { topUpId: 'top_2', used: 0n, remaining: money('10') },
    ]);
    expect(books.balances()).toMatchObject({ 'revenue:usage:paid': '-3', 'revenue:usage:granted': '-2' });
    sound(books);
  });

  it('lets what is uncollected go first', () => {
    const books = aWallet('10');
    books.post('cus_1', charge('call_1', '13'));
    const ended = [...books.book('cus_1').takeChanges().lots.values()];
    books.post('cus_1', correct('call_1', '11', { ...standing(books, 'call_1'), endedLots: ended }));
    expect(standing(books, 'call_1')).toMatchObject({ paid: money('10'), uncollected: money('1') });
    const again = [...books.book('cus_1').takeChanges().lots.values()];
    books.post('cus_1', correct('call_1', '9', { ...standing(books, 'call_1'), endedLots: again }));
    expect(standing(books, 'call_1')).toMatchObject({ paid: money('9'), uncollected: 0n });
    expect(books.wallet('cus_1').paid).toBe('1');
    sound(books);
  });

  it('does not collect later what was uncollected', () => {
    const books = aWallet('10');
    books.post('cus_1', charge('call_1', '13'));
    const ended = [...books.book('cus_1').takeChanges().lots.values()];
    books.post('cus_1', topUp('top_2', '5'));
    books.post('cus_1', correct('call_1', '12', { ...standing(books, 'call_1'), endedLots: ended }));
    expect(standing(books, 'call_1')).toMatchObject({ paid: money('10'), uncollected: money('2') });
    expect(books.wallet('cus_1').paid).toBe('5');
    sound(books);
  });

  it('upwards collects what is added like any charge', () => {
    const books = aWallet('10');
    books.post('cus_1', charge('call_1', '4'));
    books.post('cus_1', topUp('top_2', '5'));
    books.post('cus_1', grant('grant_1', '1'));
    books.post('cus_1', correct('call_1', '14', standing(books, 'call_1')));
    expect(standing(books, 'call_1')).toMatchObject({
      charge: money('14'),
      granted: money('1'),
      paid: money('13'),
      lots: [
        { topUpId: 'top_1', amount: money('10') },
        { topUpId: 'top_2', amount: money('3') },
      ],
    });
    sound(books);
    const ended = [...books.book('cus_1').takeChanges().lots.values()];
    books.post('cus_1', correct('call_1', '20', { ...standing(books, 'call_1'), endedLots: ended }));
    expect(standing(books, 'call_1')).toMatchObject({ paid: money('15'), uncollected: money('4') });
    expect(books.wallet('cus_1').paid).toBe('0');
    sound(books);
  });

  it('to nothing gives everything back, and moves the budget', () => {
    const books = aWallet('10', '1');
    books.post('cus_1', { ...charge('call_1', '4'), budgets: [keyBudget('0')] } as Asked);
    books.post('cus_1', correct('call_1', '0', standing(books, 'call_1')));
    expect(books.wallet('cus_1')).toMatchObject({ paid: '10', granted: '1' });
    expect(books.book('cus_1').snapshot().budgets).toMatchObject([{ spent: 0n }]);
    sound(books);
  });

  it('that makes money available lets a waiting charge be collected', () => {
    const books = aWallet('10');
    books.post('cus_1', charge('call_1', '9'));
    books.post('cus_1', waitingCharge('call_2', '5'));
    const entries = books.post('cus_1', correct('call_1', '2', standing(books, 'call_1')));
    expect(kindsOf(entries)).toEqual(['correction', 'charge-collected']);
    sound(books);
  });
});

describe('a compensation', () => {
  it('is granted credit, once for each reason, in total at most the charge', () => {
    const books = aWallet('10');
    books.post('cus_1', charge('call_1', '3'));
    books.post('cus_1', compensate('call_1', '1', { ...standing(books, 'call_1'), reasonId: 'outage-1' }));
    books.post('cus_1', compensate('call_1', '2', { ...standing(books, 'call_1'), reasonId: 'outage-2' }));
    expect(books.wallet('cus_1')).toMatchObject({ paid: '7', granted: '3' });
    expect(
      books.refusal('cus_1', compensate('call_1', '0.01', { ...standing(books, 'call_1'), reasonId: 'x' })),
    ).toMatchObject({
      code: 'exceeds-charge',
      compensable: 0n,
    });
    expect(
      books.refusal(
        'cus_1',
        compensate('call_1', '1', { ...standing(books, 'call_1'), reasonId: 'outage-1' }),
      ).code,
    ).toBe('already-compensated');
    books.post('cus_1', correct('call_1', '1', standing(books, 'call_1')));
    expect(
      books.refusal('cus_1', compensate('call_1', '1', { ...standing(books, 'call_1'), reasonId: 'y' })),
    ).toMatchObject({
      compensable: 0n,
    });
    sound(books);
  });
});

describe('standingCharge', () => {
  it('follows a charge through its hold, its wait and its corrections', () => {
    const books = aWallet('10');
    const limits = [keyBudget('100')];
    books.post('cus_1', hold('hold_1', '5', { limits }));
    books.post('cus_1', settle('hold_1', '4'));
    expect(standing(books, 'call-of-hold_1')).toEqual({
      charge: money('4'),
      granted: 0n,
      paid: money('4'),
      uncollected: 0n,
      lots: [{ topUpId: 'top_1', amount: money('4') }],
      budgets: [{ scope: 'key:key_1:month', window: '2026-11' }],
      compensated: 0n,
      reasonIds: [],
    });
    books.post('cus_1', { ...waitingCharge('call_2', '7'), budgets: limits } as Asked);
    expect(standingCharge('call_2', books.entries)).toBeUndefined();
    books.post('cus_1', topUp('top_2', '1'));
    expect(standing(books, 'call_2')).toMatchObject({ paid: money('7'), budgets: [{ window: '2026-11' }] });
    expect(standingCharge('call_3', books.entries)).toBeUndefined();
    expect(books.entries.at(-1)).toMatchObject({ occurredAt: hoursAfterNoon(0) });
  });
});
