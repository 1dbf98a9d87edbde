import type { Refusal } from '@app/bookkeeping';
import type { LedgerApi } from '@app/contracts';
import { Units18 } from '@app/money';

/** What a hold that was asked for came to: it is placed, or refused, which is an answer and may be asked again. */
export type HoldAnswer =
  { readonly hold: LedgerApi.Hold } | { readonly refusal: Refusal; readonly asked: AskedMoney };

/** What was asked for. */
export interface AskedMoney {
  readonly amount: string;
  readonly currency: string;
}

/** The answer as gRPC carries it. */
export function holdResponseOf(answer: HoldAnswer): LedgerApi.PlaceHoldResponse {
  return 'hold' in answer ? answer : { refusal: refusalMessage(answer.refusal, answer.asked) };
}

function refusalMessage(refusal: Refusal, { amount, currency }: AskedMoney): LedgerApi.Refusal {
  const budget = budgetOf(refusal);
  return {
    code: refusal.code,
    needed: 'needed' in refusal ? Units18.toText(refusal.needed) : amount,
    available: 'available' in refusal ? Units18.toText(refusal.available) : '0',
    currency,
    affordable: 'affordable' in refusal ? Units18.toText(refusal.affordable) : '',
    ...(budget === undefined ? {} : { budget }),
  };
}

function budgetOf(refusal: Refusal): LedgerApi.BudgetUse | undefined {
  if (refusal.code !== 'key-budget-exceeded' && refusal.code !== 'customer-budget-exceeded') return undefined;
  const { code, window, limit, spent, held } = refusal;
  return {
    owner: code === 'key-budget-exceeded' ? 'key' : 'customer',
    window,
    limit: Units18.toText(limit),
    spent: Units18.toText(spent),
    held: Units18.toText(held),
  };
}
