import type { BookSnapshot, BookState, OpenRefund, RefundItem } from '@app/bookkeeping';
import { Units18 } from '@app/money';

/** What a head keeps as text: the plan and the budgets. */
export type HeadState = Pick<BookSnapshot, 'plan' | 'budgets'>;

interface WrittenState {
  readonly plan?: { readonly code: string; readonly credits: string; readonly amount: string };
  readonly budgets?: readonly {
    readonly scope: string;
    readonly window: string;
    readonly spent: string;
    readonly held: string;
  }[];
}

/** Reads the text of a head. */
export function stateFrom(text: string): HeadState {
  const { plan, budgets } = JSON.parse(text) as WrittenState;
  return {
    plan:
      plan === undefined
        ? null
        : { code: plan.code, credits: Units18.fromText(plan.credits), amount: Units18.fromText(plan.amount) },
    budgets: (budgets ?? []).map(({ scope, window, spent, held }) => ({
      scope,
      window,
      spent: Units18.fromText(spent),
      held: Units18.fromText(held),
    })),
  };
}

/** Writes the text of a head; budgets in the order of scope and window. */
export function stateText({ plan, budgets }: Pick<BookState, 'plan' | 'budgets'>): string {
  return JSON.stringify({
    ...(plan === null
      ? {}
      : {
          plan: {
            code: plan.code,
            credits: Units18.toText(plan.credits),
            amount: Units18.toText(plan.amount),
          },
        }),
    ...(budgets.size === 0 ? {} : { budgets: [...budgetRows(budgets)] }),
  } satisfies WrittenState);
}

function* budgetRows(budgets: BookState['budgets']) {
  for (const scope of [...budgets.keys()].sort()) {
    for (const { window, spent, held } of budgets.get(scope) ?? []) {
      yield { scope, window, spent: Units18.toText(spent), held: Units18.toText(held) };
    }
  }
}

interface WrittenItem {
  readonly itemId: string;
  readonly topUpId: string;
  readonly channel: string;
  readonly amount: string;
  readonly rounding: string;
  readonly takes: readonly { readonly topUpId: string; readonly amount: string }[];
}

/** Reads the items of a refund. */
export function refundItemsFrom(text: string): readonly RefundItem[] {
  return (JSON.parse(text) as readonly WrittenItem[]).map((item) => ({
    ...item,
    amount: Units18.fromText(item.amount),
    rounding: Units18.fromText(item.rounding),
    takes: item.takes.map(({ topUpId, amount }) => ({ topUpId, amount: Units18.fromText(amount) })),
  }));
}

/** Writes the items of a refund that are still to be paid. */
export function refundItemsText({ items }: OpenRefund): string {
  return JSON.stringify(
    items.map(
      (item) =>
        ({
          itemId: item.itemId,
          topUpId: item.topUpId,
          channel: item.channel,
          amount: Units18.toText(item.amount),
          rounding: Units18.toText(item.rounding),
          takes: item.takes.map(({ topUpId, amount }) => ({ topUpId, amount: Units18.toText(amount) })),
        }) satisfies WrittenItem,
    ),
  );
}
