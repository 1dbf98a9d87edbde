import { Units18 } from '@app/money';
import { describe, expect, it } from '@jest/globals';
import { Books, money } from '../test/books.ts';
import {
  charge,
  closeOut,
  correct,
  externalRefund,
  grant,
  hold,
  itemFailed,
  itemPaid,
  refund,
  setPlan,
  takeOver,
  topUp,
} from '../test/commands.ts';
import type { Lot } from './book-state.ts';
import { breaksOfBooks } from './invariants.ts';
import { refundableOf } from './lots.ts';
import { standingCharge } from './standing-charge.ts';

/** A wallet with one lot for each amount, oldest first: `top_1`, `top_2`, … */
function aWalletOf(...amounts: readonly string[]): Books {
  const books = new Books();
  books.post('cus_1', setPlan());
  amounts.forEach((amount, index) => {
    books.post('cus_1', topUp(`top_${(index + 1).toString()}`, amount));
  });
  return books;
}

function itemsOf(books: Books, refundId: string) {
  return (books.state('cus_1').refunds.get(refundId)?.items ?? []).map((item) => [
    item.itemId,
    item.topUpId,
    Units18.toText(item.amount),
    item.takes.map((take) => `${take.topUpId} ${Units18.toText(take.amount)}`).join(' + '),
  ]);
}

function lotsOf(books: Books) {
  return books.state('cus_1').lots.map((lot) => ({
    topUpId: lot.topUpId,
    figures: [lot.used, lot.refunded, lot.reserved, lot.remaining].map((figure) => Units18.toText(figure)),
    sent: Units18.toText(lot.sent),
  }));
}

const sound = (books: Books) => {
  expect(breaksOfBooks(books.all())).toEqual([]);
};

/** A wallet whose lots of 1 each were used up, and got these fractions back by corrections. */
function aWalletWithFractions(...fractions: readonly string[]): Books {
  const books = aWalletOf(...fractions.map(() => '1'));
  const charges = fractions.map((fraction, index) => ({
    fraction,
    chargeId: `call_${(index + 1).toString()}`,
  }));
  for (const { chargeId } of charges) books.post('cus_1', charge(chargeId, '1'));
  const ended = [...books.book('cus_1').takeChanges().lots.values()];
  for (const { chargeId, fraction } of charges) {
    const rest = Units18.toText(Units18.subtract(money('1'), money(fraction)));
    books.post('cus_1', correct(chargeId, rest, { ...standing(books, chargeId), endedLots: ended }));
  }
  return books;
}

/** A charge as it stands, from the journal. */
function standing(books: Books, chargeId: string) {
  const found = standingCharge(chargeId, books.entries);
  if (found === undefined) throw new Error(`${chargeId} was not charged`);
  return found;
}

describe('a refund of an amount', () => {
  it('is rounded down to the minor unit', () => {
    const books = aWalletOf('100');
    const entries = books.post('cus_1', refund('ref_1', '12.349999'));
    expect(entries).toMatchObject([{ memo: { total: money('12.34'), rounding: 0n } }]);
    expect(books.wallet('cus_1').paid).toBe('87.66');
  });

  it('goes back to the newest top-up first', () => {
    const books = aWalletOf('10', '20', '5');
    books.post('cus_1', refund('ref_1', '30'));
    expect(itemsOf(books, 'ref_1')).toEqual([
      ['ref_1.1', 'top_3', '5', 'top_3 5'],
      ['ref_1.2', 'top_2', '20', 'top_2 20'],
      ['ref_1.3', 'top_1', '5', 'top_1 5'],
    ]);
    sound(books);
  });

  it('goes back to 500 payments at most, and says what that many come to', () => {
    const books = aWalletOf(...Array.from({ length: 501 }, () => '1.01'));
    for (const wanted of [refund('ref_1', '506.01'), closeOut('ref_1')]) {
      expect(books.refusal('cus_1', wanted)).toMatchObject({
        code: 'exceeds-refundable',
        refundable: money('505'),
      });
    }
    books.post('cus_1', refund('ref_1', '505'));
    expect(itemsOf(books, 'ref_1')).toHaveLength(500);
    books.post('cus_1', closeOut('ref_2'));
    expect(itemsOf(books, 'ref_2')).toEqual([['ref_2.1', 'top_1', '1.01', 'top_1 1.01']]);
    sound(books);
  });

  it('never takes what is held for calls', () => {
    const books = aWalletOf('10');
    books.post('cus_1', grant('grant_1', '2'));
    books.post('cus_1', hold('hold_1', '5'));
    expect(books.refusal('cus_1', refund('ref_1', '7.01'))).toMatchObject({ refundable: money('7') });
    books.post('cus_1', refund('ref_1', '7'));
    expect(books.wallet('cus_1')).toEqual({ paid: '3', granted: '2', held: '5', available: '0' });
  });

  it('never gives granted credit back', () => {
    const books = aWalletOf('10');
    books.post('cus_1', grant('grant_1', '5'));
    expect(refundableOf(books.state('cus_1'))).toBe(money('10'));
    books.post('cus_1', refund('ref_1', '10'));
    expect(books.wallet('cus_1')).toMatchObject({ paid: '0', granted: '5' });
  });
});

describe('money that is on its way back', () => {
  it('pays no call', () => {
    const books = aWalletOf('10');
    books.post('cus_1', refund('ref_1', '10'));
    books.post('cus_1', topUp('top_2', '5'));
    expect(books.post('cus_1', charge('call_1', '3'))).toMatchObject([
      { memo: { lots: [{ topUpId: 'top_2', amount: money('3') }] } },
    ]);
    expect(lotsOf(books).map(({ topUpId, figures }) => [topUpId, ...figures])).toEqual([
      ['top_1', '0', '0', '10', '0'],
      ['top_2', '3', '0', '0', '2'],
    ]);
  });
});

describe('a close-out', () => {
  it('cuts fractions of lots so that items are whole and come to the rounded total', () => {
    const books = aWalletOf('1', '1', '1');
    books.post('cus_1', charge('call_1', '2.654322'));
    books.post('cus_1', topUp('top_4', '1'));
    books.post('cus_1', closeOut('ref_1'));
    expect(itemsOf(books, 'ref_1')).toEqual([
      ['ref_1.1', 'top_4', '1', 'top_4 1'],
      ['ref_1.2', 'top_3', '0.35', 'top_3 0.345678'],
    ]);
    sound(books);
  });

  it('lets an item take from two lots that share a minor unit, and gives each its own back', () => {
    const books = aWalletWithFractions('0.654322', '0.345678');
    books.post('cus_1', closeOut('ref_1'));
    expect(itemsOf(books, 'ref_1')).toEqual([
      ['ref_1.1', 'top_2', '0.35', 'top_2 0.345678 + top_1 0.004322'],
      ['ref_1.2', 'top_1', '0.65', 'top_1 0.65'],
    ]);
    sound(books);
    books.post('cus_1', itemPaid('ref_1.2', '0.65'));
    expect(books.post('cus_1', itemFailed('ref_1.1', '0.35'))).toMatchObject([
      { memo: { closed: { paid: money('0.65'), givenBack: money('0.35') } } },
    ]);
    expect(lotsOf(books)).toEqual([
      { topUpId: 'top_1', figures: ['0.345678', '0.65', '0', '0.004322'], sent: '0.65' },
      { topUpId: 'top_2', figures: ['0.654322', '0', '0', '0.345678'], sent: '0' },
    ]);
    sound(books);
  });

  it('comes to nothing for an item whose money another item rounded up', () => {
    const books = aWalletWithFractions('0.004', '0.003');
    books.post('cus_1', closeOut('ref_1'));
    expect(itemsOf(books, 'ref_1')).toEqual([['ref_1.1', 'top_2', '0.01', 'top_2 0.003 + top_1 0.004']]);
    expect(books.state('cus_1').refunds.get('ref_1')).toMatchObject({
      items: [{ rounding: money('0.003') }],
    });
    sound(books);
    books.post('cus_1', itemFailed('ref_1.1', '0.01'));
    expect(books.wallet('cus_1').paid).toBe('0.007');
    expect(books.balances()['expense:rounding']).toBe('0');
    sound(books);
  });
});

describe('an item of a refund', () => {
  it('that was paid through another channel takes the money from there', () => {
    const books = aWalletOf('10');
    books.post('cus_1', refund('ref_1', '10'));
    books.post('cus_1', itemPaid('ref_1.1', '10', 'bank'));
    expect(books.balances()).toMatchObject({ 'clearing:bank': '-10', 'clearing:wechat-pay': '10' });
  });

  it('closes the refund where it is the last, paid or given back', () => {
    const books = aWalletOf('10', '20');
    books.post('cus_1', refund('ref_1', '25'));
    expect(books.post('cus_1', itemFailed('ref_1.1', '20'))).toMatchObject([{ memo: { closed: null } }]);
    expect(books.state('cus_1').refunds.get('ref_1')).toMatchObject({ givenBack: money('20'), paid: 0n });
    expect(books.post('cus_1', itemPaid('ref_1.2', '5'))).toMatchObject([
      { memo: { closed: { paid: money('5'), givenBack: money('20') } } },
    ]);
    expect(books.state('cus_1').refunds.size).toBe(0);
    expect(books.book('cus_1').takeChanges().refunds.get('ref_1')).toMatchObject({ items: [] });
    expect(lotsOf(books)).toEqual([
      { topUpId: 'top_1', figures: ['0', '5', '0', '5'], sent: '5' },
      { topUpId: 'top_2', figures: ['0', '0', '0', '20'], sent: '0' },
    ]);
  });
});

describe('what was paid in through a payment', () => {
  it('is the most that goes back through it', () => {
    const books = aWalletOf('1');
    books.post('cus_1', charge('call_1', '0.001'));
    books.post('cus_1', closeOut('ref_1'));
    books.post('cus_1', itemPaid('ref_1.1', '1'));
    const ended = [...books.book('cus_1').takeChanges().lots.values()];
    books.post('cus_1', correct('call_1', '0', { ...standing(books, 'call_1'), endedLots: ended }));
    expect(books.wallet('cus_1').paid).toBe('0.001');
    expect(refundableOf(books.state('cus_1'))).toBe(0n);
    expect(books.refusal('cus_1', closeOut('ref_2')).code).toBe('nothing-to-refund');
    books.post('cus_1', topUp('top_2', '2'));
    books.post('cus_1', refund('ref_3', '2'));
    expect(itemsOf(books, 'ref_3')).toEqual([['ref_3.1', 'top_2', '2', 'top_2 2']]);
  });

  it('of an opening balance is rounded up to what can be paid', () => {
    const books = new Books();
    books.post('cus_1', setPlan());
    books.post('cus_1', takeOver('12.345678'));
    books.post('cus_1', closeOut('ref_1'));
    expect(itemsOf(books, 'ref_1')).toEqual([['ref_1.1', 'top_opening', '12.35', 'top_opening 12.345678']]);
  });
});

describe('a forced refund', () => {
  it('takes first from the lot it names and then from the newest', () => {
    const books = aWalletOf('10', '20', '30');
    books.post('cus_1', externalRefund('top_2', '45'));
    expect(lotsOf(books)).toEqual([
      { topUpId: 'top_1', figures: ['0', '0', '0', '10'], sent: '0' },
      { topUpId: 'top_3', figures: ['0', '25', '0', '5'], sent: '0' },
    ]);
    expect(books.balances()).not.toHaveProperty('receivable:shortfall');
    expect(books.balances()['clearing:alipay']).toBe('-45');
  });

  it('leaves what is held for calls', () => {
    const books = aWalletOf('10');
    books.post('cus_1', hold('hold_1', '4'));
    books.post('cus_1', externalRefund('top_1', '10'));
    expect(books.wallet('cus_1')).toEqual({ paid: '4', granted: '0', held: '4', available: '0' });
    expect(books.balances()['receivable:shortfall']).toBe('4');
    expect(lotsOf(books)).toEqual([{ topUpId: 'top_1', figures: ['0', '6', '0', '4'], sent: '10' }]);
    expect(refundableOf(books.state('cus_1'))).toBe(0n);
  });

  it('of a top-up that was used up is remembered on its lot', () => {
    const books = aWalletOf('10');
    books.post('cus_1', charge('call_1', '10'));
    const ended: Lot[] = [...books.book('cus_1').takeChanges().lots.values()];
    expect(books.post('cus_1', externalRefund('top_1', '10', ended))).toMatchObject([
      { memo: { taken: 0n, shortfall: money('10'), reopened: ended } },
    ]);
    const [lot] = books.book('cus_1').takeChanges().lots.values();
    expect(lot).toEqual({ ...ended[0], sent: money('10') });
    books.post(
      'cus_1',
      correct('call_1', '4', { ...standing(books, 'call_1'), endedLots: lot === undefined ? [] : [lot] }),
    );
    expect(books.wallet('cus_1').paid).toBe('6');
    expect(refundableOf(books.state('cus_1'))).toBe(0n);
    sound(books);
  });

  it('of a top-up that this book does not know still takes what there is', () => {
    const books = aWalletOf('10');
    books.post('cus_1', externalRefund('top_before_our_time', '3'));
    expect(books.wallet('cus_1').paid).toBe('7');
    sound(books);
  });
});
