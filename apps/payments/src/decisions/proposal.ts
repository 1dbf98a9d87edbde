import { AmountText, Code, CurrencyCode, Id } from '@app/contracts';
import { z } from 'zod';
import { type BreakResolution, breakResolutions } from '../reconciliation/break.ts';

const Name = z.string().trim().min(1).max(200);
const AccountNumber = z.string().regex(/^[0-9A-Z]{4,34}$/, 'must be 4 to 34 digits or capital letters');
const amount = { amount: AmountText, currency: CurrencyCode };

/** What one person may propose and another one approve. */
export const ProposedAction = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('verify-company'), customerId: Id, name: Name }),
  z.strictObject({
    kind: z.literal('assign-suspense'),
    suspenseId: Id,
    parts: z
      .array(z.strictObject({ customerId: Id, ...amount }))
      .min(1)
      .max(100),
  }),
  z.strictObject({
    kind: z.literal('return-suspense'),
    suspenseId: Id,
    ...amount,
    payeeName: Name.describe('The account that it came from; another one is a payment to a stranger.'),
    payeeAccount: AccountNumber,
  }),
  z.strictObject({
    kind: z.literal('pay-out-item'),
    itemId: Id,
    bank: Code.describe('Our account that pays.'),
    payeeName: Name.describe('The customer’s own name: nobody else is paid.'),
    payeeAccount: AccountNumber,
  }),
  z
    .strictObject({ kind: z.literal('give-back-item'), itemId: Id })
    .describe('Nobody pays an item of a refund that waits for people: its wallet has the amount back.'),
  z.strictObject({
    kind: z.literal('resolve-payment'),
    topUpId: Id,
    providerReference: Id,
    resolution: z.enum(['credit', 'pay-back']),
  }),
  z.strictObject({
    kind: z.literal('resolve-break'),
    breakId: Id,
    resolution: z.enum(Object.keys(breakResolutions) as [BreakResolution, ...BreakResolution[]]),
  }),
  z
    .strictObject({ kind: z.literal('explain-line'), lineId: Id })
    .describe('Papers explain a line of a bank statement; entries by hand mend what they must.'),
  z
    .strictObject({
      kind: z.literal('book-forced-refund'),
      lineId: Id,
      parts: z
        .array(z.strictObject({ topUpId: Id, amount: AmountText }))
        .min(1)
        .max(100)
        .refine(
          (parts) => new Set(parts.map(({ topUpId }) => topUpId)).size === parts.length,
          'Name each payment once, with all that is taken of it.',
        )
        .describe('By the payments of the customers who have had it; together what left with the line.'),
    })
    .describe('Money that left our bank is taken from the wallets of the customers who have had it.'),
  z
    .strictObject({ kind: z.literal('book-suspense-left'), lineId: Id, suspenseId: Id })
    .describe('The bank took back what lay in suspense.'),
]);
export type ProposedAction = z.infer<typeof ProposedAction>;

/** What a proposal is about. */
export function subjectOf(action: ProposedAction): string {
  if ('lineId' in action) return action.lineId;
  if ('itemId' in action) return action.itemId;
  if ('breakId' in action) return action.breakId;
  if ('topUpId' in action) return action.topUpId;
  return 'suspenseId' in action ? action.suspenseId : action.customerId;
}

/** The two people behind a decision, and the proposal that carries their names. */
export interface DecidedBy {
  readonly proposalId: string;
  readonly proposedBy: string;
  readonly approvedBy: string;
}
