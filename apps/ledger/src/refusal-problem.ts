import type { Refusal, RefusalCode } from '@app/bookkeeping';
import { Problem } from '@app/transport';
import { refusalFigures } from './journal/refusal-text.ts';

/** What a door says to a refusal of the core. */
interface Answer {
  readonly status: number;
  readonly field: string;
  readonly remedy: string;
}

const answer = (status: number, field: string, remedy: string): Answer => ({ status, field, remedy });
const lookUp = 'Look the id up; nothing was recorded.';
const another = 'Use a new id for a new matter.';
const topUp = 'Top the wallet up, or ask for no more than is affordable.';
const lowerBudget = 'Raise the budget, or ask for no more than is affordable.';
const refundable = 'Ask for no more than is refundable.';
const chargeStands = 'Look at how the charge stands.';

/** The one table from a refusal of the core to what the caller is told; a gRPC status follows from the status. */
const answers: Readonly<Record<RefusalCode, Answer>> = {
  'unknown-account': answer(404, 'customerId', 'Create the customer first; its wallet opens with its plan.'),
  'wrong-book': answer(422, 'bookId', 'Use the kind of book that this kind of entry needs.'),
  'currency-mismatch': answer(422, 'currency', 'Use the currency of the wallet.'),
  'invalid-amount': answer(422, 'amount', 'Give an amount that is more than zero.'),
  'insufficient-funds': answer(402, 'amount', topUp),
  'key-budget-exceeded': answer(402, 'amount', lowerBudget),
  'customer-budget-exceeded': answer(402, 'amount', lowerBudget),
  'hold-exists': answer(409, 'holdId', another),
  'unknown-hold': answer(404, 'holdId', lookUp),
  'hold-settled': answer(
    409,
    'holdId',
    'The call was charged already; correct the charge where it is wrong.',
  ),
  'hold-released': answer(409, 'holdId', 'Place a new hold.'),
  'hold-expired': answer(409, 'holdId', 'Place a new hold.'),
  'hold-not-expired': answer(409, 'holdId', 'Wait until it expires, or release it.'),
  'too-many-lots': answer(
    422,
    'amount',
    'Use older top-ups up first; compensate a charge instead of correcting it.',
  ),
  'lot-exists': answer(409, 'topUpId', another),
  'charge-exists': answer(409, 'chargeId', chargeStands),
  'charge-not-waiting': answer(409, 'chargeId', chargeStands),
  'charge-still-waiting': answer(409, 'chargeId', 'Wait until the charge is collected or given up.'),
  'nothing-to-correct': answer(409, 'charge', 'The charge is what you ask for already.'),
  'already-compensated': answer(409, 'reasonId', 'Use another reason, or leave it.'),
  'exceeds-charge': answer(422, 'amount', 'Give no more than is compensable.'),
  'refund-exists': answer(409, 'refundId', another),
  'exceeds-refundable': answer(422, 'amount', refundable),
  'below-minor-unit': answer(422, 'amount', refundable),
  'nothing-to-refund': answer(402, 'amount', refundable),
  'holds-open': answer(409, 'customerId', 'Wait until every hold has ended.'),
  'charges-waiting': answer(409, 'customerId', 'Usage that is not paid yet comes first.'),
  'unknown-refund-item': answer(404, 'itemId', lookUp),
  'refund-item-differs': answer(422, 'amount', 'Give the amount of the item.'),
  'rounding-too-large': answer(422, 'amount', 'Name the break that this is.'),
};

/** A refusal as the caller is told it, with its figures. */
export function problemOfRefusal(refusal: Refusal): Problem {
  const { status, field, remedy } = answers[refusal.code];
  const detail = `Refused: ${refusal.code.replaceAll('-', ' ')}.`;
  return new Problem({ status, code: refusal.code, detail, field, remedy, data: refusalFigures(refusal) });
}
