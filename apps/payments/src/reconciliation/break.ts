import { createHash } from 'node:crypto';

/** What people may do about a break, each meaning what it does to the books. */
export const breakResolutions = {
  /** Money at the channel that no order of ours explains becomes money in suspense. */
  suspend: 'book it as money in suspense',
  /** The provider gave a customer's payment back without us: the wallet gives what it has, the rest is a shortfall. */
  'external-refund': 'record the forced refund at the customer’s expense',
  /** The provider gave money back that lay in suspense. */
  'return-suspense': 'record that the money in suspense went back',
  /** Nothing moves here: the papers explain it, or entries by hand mend it. */
  explain: 'explain it; move money by hand where it must move',
} as const;
export type BreakResolution = keyof typeof breakResolutions;

/** How a break ends without people: by the provider's own word. */
export type OwnResolution = 'credited-by-query' | 'found-in-another-bill' | 'no-longer-so';

/** Each way in which a bill and our books can differ, with what is proposed about it. */
export const breakClasses = {
  'missing-here': { proposed: 'suspend', meaning: 'the bill has a payment that we do not' },
  'missing-there': { proposed: 'explain', meaning: 'we have a payment that no bill has' },
  'amount-differs': { proposed: 'explain', meaning: 'a payment has two amounts' },
  duplicate: { proposed: 'explain', meaning: 'the bill has one number twice' },
  'unknown-refund': { proposed: 'external-refund', meaning: 'the bill has a refund that we did not make' },
  'refund-missing-there': { proposed: 'explain', meaning: 'we believe a refund paid that no bill has' },
  'refund-differs': {
    proposed: 'explain',
    meaning: 'a refund has two amounts, or was given back here and paid there',
  },
  'fee-differs': { proposed: 'explain', meaning: 'the fee that moved is not the fee that was billed' },
  'fund-differs': { proposed: 'explain', meaning: 'what moved is not what was traded' },
  'balance-differs': { proposed: 'explain', meaning: 'the balance does not follow from the movements' },
  'unknown-movement': { proposed: 'explain', meaning: 'money moved for a reason that we have no word for' },
  'settlement-missing': {
    proposed: 'explain',
    meaning: 'a settlement has not arrived at our bank after three days',
  },
} as const satisfies Record<string, { proposed: BreakResolution; meaning: string }>;
export type BreakClass = keyof typeof breakClasses;

/** A difference as the comparison finds it. Amounts are exact decimal text; null where a side has none. */
export interface Finding {
  readonly class: BreakClass;
  readonly key: string;
  readonly number: string;
  readonly reference: string;
  readonly theirs: string | null;
  readonly ours: string | null;
  readonly occurredAt: string;
}

/** The id follows from what is different, so that comparing again finds the same break. */
export const breakIdOf = (channel: string, { class: kind, key }: Pick<Finding, 'class' | 'key'>): string =>
  `brk_${createHash('sha256').update(`${channel}\n${kind}\n${key}`).digest('hex').slice(0, 40)}`;
