/** One movement on the account. Amounts are fen. */
export interface Movement {
  readonly direction: 'credit' | 'debit';
  readonly fen: number;
  readonly bookedOn: string;
  readonly reference: string;
  readonly partyName: string;
  readonly partyAccount: string;
  readonly memo: string;
  readonly balanceFen: number;
}

/** A statement: what was booked since the one before. */
export interface BookedStatement {
  readonly account: string;
  readonly sequence: number;
  readonly openingFen: number;
  readonly closingFen: number;
  readonly movements: readonly Movement[];
}

/** The account as the bank keeps it. */
export class BankBook {
  private readonly account: string;
  private readonly movements: Movement[] = [];
  private readonly paid = new Set<string>();
  private balanceFen = 0;
  private stated = 0;
  private statements = 0;

  constructor(account: string) {
    this.account = account;
  }

  /** Books a movement of today; the bank gives it its reference. */
  book(movement: Omit<Movement, 'balanceFen' | 'reference' | 'bookedOn'>, bookedOn: string): Movement {
    this.balanceFen += movement.direction === 'credit' ? movement.fen : -movement.fen;
    const reference = `REF${String(this.movements.length + 1).padStart(12, '0')}`;
    const booked = { ...movement, reference, bookedOn, balanceFen: this.balanceFen };
    this.movements.push(booked);
    return booked;
  }

  /** Pays the rows of a payout file; a number that was paid before is left out. */
  payOut(rows: readonly PayoutRow[], bookedOn: string): readonly Movement[] {
    return rows.flatMap(({ number, fen, payeeName, payeeAccount }) => {
      if (this.paid.has(number)) return [];
      this.paid.add(number);
      const words = { partyName: payeeName, partyAccount: payeeAccount, memo: number };
      return [this.book({ direction: 'debit', fen, ...words }, bookedOn)];
    });
  }

  /** What lies on the account, in fen. */
  balance(): number {
    return this.balanceFen;
  }

  /** The statement of what was booked since the last one. */
  state(): BookedStatement {
    const movements = this.movements.slice(this.stated);
    const openingFen = this.movements[this.stated - 1]?.balanceFen ?? 0;
    this.stated = this.movements.length;
    this.statements += 1;
    return {
      account: this.account,
      sequence: this.statements,
      openingFen,
      closingFen: this.balanceFen,
      movements,
    };
  }
}

export interface PayoutRow {
  readonly number: string;
  readonly fen: number;
  readonly payeeName: string;
  readonly payeeAccount: string;
}
