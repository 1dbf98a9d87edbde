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
  /** True where it takes an earlier movement back. */
  readonly isReversal: boolean;
}

/** A statement: what was booked since the one before. */
export interface BookedStatement {
  readonly account: string;
  readonly sequence: number;
  readonly openingFen: number;
  readonly closingFen: number;
  readonly movements: readonly Movement[];
}

type NewMovement = Omit<Movement, 'balanceFen' | 'reference' | 'bookedOn' | 'isReversal'> &
  Partial<Pick<Movement, 'isReversal'>>;

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
  book(movement: NewMovement, bookedOn: string): Movement {
    this.balanceFen += movement.direction === 'credit' ? movement.fen : -movement.fen;
    const reference = `REF${String(this.movements.length + 1).padStart(12, '0')}`;
    const booked = { isReversal: false, ...movement, reference, bookedOn, balanceFen: this.balanceFen };
    this.movements.push(booked);
    return booked;
  }

  /** Takes an earlier movement back, by its reference. */
  reverse(reference: string, bookedOn: string): Movement {
    const taken = this.movements.find((movement) => movement.reference === reference);
    if (!taken) throw new Error(`There is no movement ${reference}.`);
    const { fen, partyName, partyAccount, memo } = taken;
    const direction = taken.direction === 'credit' ? 'debit' : 'credit';
    return this.book({ direction, fen, partyName, partyAccount, memo, isReversal: true }, bookedOn);
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
