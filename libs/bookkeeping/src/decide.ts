import { accept, type Decision, refuse } from '@app/decider';
import { availableOf, type BookState, isPlatformBook } from './book-state.ts';
import type { Command, CommandType } from './command.ts';
import { takeIn } from './effects.ts';
import { decideReturnChannelFee } from './entries/channel-fee-returned.ts';
import { decideTakeChannelFee } from './entries/channel-fee.ts';
import { draftChargeCollected } from './entries/charge-collected.ts';
import { decideEndWait } from './entries/charge-uncollected.ts';
import { decideChargeUsage } from './entries/charge.ts';
import { decideCompensate } from './entries/compensation.ts';
import { decideCorrectCharge } from './entries/correction.ts';
import { decideExpireHold } from './entries/expire.ts';
import { decideExtendHold } from './entries/extend.ts';
import { decideExternalRefund } from './entries/external-refund.ts';
import { decideGiveGrant } from './entries/grant.ts';
import { decidePlaceHold } from './entries/hold.ts';
import { decideTakeOverBalance } from './entries/opening-balance.ts';
import { decideSetPlan } from './entries/plan-set.ts';
import { decideFailRefundItem } from './entries/refund-failed.ts';
import { decidePayRefundItem } from './entries/refund-paid.ts';
import { decideReserveRefund } from './entries/refund-reserved.ts';
import { decideReleaseHold } from './entries/release.ts';
import { decidePostRounding } from './entries/rounding.ts';
import { decideSettleHold } from './entries/settle.ts';
import { decideSettleToBank } from './entries/settlement.ts';
import { decideReceiveSuspense } from './entries/suspense-in.ts';
import { decideAssignSuspense } from './entries/suspense-out.ts';
import { decideReturnSuspense } from './entries/suspense-returned.ts';
import { decideCreditTopUp } from './entries/top-up.ts';
import { decidePayUpstreamBill } from './entries/upstream-bill-paid.ts';
import { decideAccrueUpstreamCost } from './entries/upstream-cost.ts';
import type { EntryDraft } from './entry.ts';
import type { Refusal } from './refusal.ts';
import { WorkingBook } from './working-book.ts';

type CommandNamed<Type extends CommandType> = Extract<Command, { type: Type }>;
type Decide<Type extends CommandType> = (
  command: CommandNamed<Type>,
  book: BookState,
) => Decision<EntryDraft, Refusal>;

/** Where a command belongs, and what decides it. */
interface Rule<Type extends CommandType> {
  readonly book: 'customer' | 'platform' | 'any';
  readonly decide: Decide<Type>;
}

const rules: { readonly [Type in CommandType]: Rule<Type> } = {
  'set-plan': { book: 'customer', decide: decideSetPlan },
  'take-over-balance': { book: 'customer', decide: decideTakeOverBalance },
  'credit-top-up': { book: 'customer', decide: decideCreditTopUp },
  'place-hold': { book: 'customer', decide: decidePlaceHold },
  'extend-hold': { book: 'customer', decide: decideExtendHold },
  'settle-hold': { book: 'customer', decide: decideSettleHold },
  'release-hold': { book: 'customer', decide: decideReleaseHold },
  'expire-hold': { book: 'customer', decide: decideExpireHold },
  'charge-usage': { book: 'customer', decide: decideChargeUsage },
  'end-wait': { book: 'customer', decide: decideEndWait },
  'reserve-refund': { book: 'customer', decide: decideReserveRefund },
  'pay-refund-item': { book: 'customer', decide: decidePayRefundItem },
  'fail-refund-item': { book: 'customer', decide: decideFailRefundItem },
  'record-external-refund': { book: 'customer', decide: decideExternalRefund },
  'give-grant': { book: 'customer', decide: decideGiveGrant },
  compensate: { book: 'customer', decide: decideCompensate },
  'correct-charge': { book: 'customer', decide: decideCorrectCharge },
  'assign-suspense': { book: 'customer', decide: decideAssignSuspense },
  'receive-suspense': { book: 'platform', decide: decideReceiveSuspense },
  'return-suspense': { book: 'platform', decide: decideReturnSuspense },
  'take-channel-fee': { book: 'any', decide: decideTakeChannelFee },
  'return-channel-fee': { book: 'any', decide: decideReturnChannelFee },
  'settle-to-bank': { book: 'platform', decide: decideSettleToBank },
  'accrue-upstream-cost': { book: 'platform', decide: decideAccrueUpstreamCost },
  'pay-upstream-bill': { book: 'platform', decide: decidePayUpstreamBill },
  'post-rounding': { book: 'any', decide: decidePostRounding },
};

/**
 * Decides a command against a book. Pure: the book stays as it is. An accepted command comes to one entry, to none
 * where nothing is left to do, and to more only where it makes money available that charges were waiting for.
 */
export function decide(command: Command, book: BookState): Decision<EntryDraft, Refusal> {
  const refusal = ifMisplaced(command, book);
  if (refusal !== undefined) return refuse(refusal);
  const decision = (rules[command.type].decide as Decide<CommandType>)(command, book);
  if (book.waiting.length === 0 || !decision.accepted) return decision;
  return accept(...withWaitingCollected(command, book, decision.events));
}

function ifMisplaced(command: Command, book: BookState): Refusal | undefined {
  const { bookId, currency, version } = book;
  const needs = rules[command.type].book;
  const home = isPlatformBook(bookId) ? 'platform' : 'customer';
  if (needs !== 'any' && needs !== home) return { code: 'wrong-book', bookId, needs };
  if (version === 0) {
    return home === 'platform' || command.type === 'set-plan'
      ? undefined
      : { code: 'unknown-account', bookId };
  }
  if (command.currency === null || command.currency === currency) return undefined;
  return { code: 'currency-mismatch', expected: currency, actual: command.currency };
}

/** Charges that wait are collected, oldest first, as soon as there is enough for the oldest. */
function withWaitingCollected(
  command: Command,
  book: BookState,
  events: readonly EntryDraft[],
): readonly EntryDraft[] {
  const drafts = [...events];
  const after = WorkingBook.copyOf(book);
  for (const event of events) takeIn(after, event);
  for (let oldest = after.waiting[0]; oldest !== undefined; oldest = after.waiting[0]) {
    if (oldest.amount > availableOf(after)) break;
    const collected = draftChargeCollected(command, after, oldest);
    takeIn(after, collected);
    drafts.push(collected);
  }
  return drafts;
}
