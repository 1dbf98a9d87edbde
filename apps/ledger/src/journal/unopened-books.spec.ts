import { describe, expect, it } from '@jest/globals';
import { UnopenedBooks } from './unopened-books.ts';

const refused = { kind: 'refused', refusal: { code: 'unknown-account', bookId: 'cus_1' } } as const;

describe('UnopenedBooks', () => {
  it('lets events wait for their book for half a minute, and then go', () => {
    let steady = 0;
    const books = new UnopenedBooks(() => steady);
    const posted = [{ bookId: 'cus_1', outcome: refused }];
    expect(() => {
      books.check(posted);
    }).toThrow('cus_1');
    steady = 29_999;
    expect(() => {
      books.check(posted);
    }).toThrow('cus_1');
    steady = 30_000;
    books.check(posted);
    expect(() => {
      books.check(posted);
    }).toThrow('cus_1');
  });

  it('lets everything else pass', () => {
    new UnopenedBooks().check([
      { bookId: 'cus_1', outcome: { kind: 'unchanged' } },
      { bookId: 'cus_1', outcome: { kind: 'refused', refusal: { code: 'unknown-hold', holdId: 'hold_1' } } },
    ]);
  });
});
