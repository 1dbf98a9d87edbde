import type { Plan } from '@app/money';
import type { Budgets, KeyPolicy } from './key-policy.ts';

/** Who a request is from, as its API key says. */
export interface Caller {
  readonly customerId: string;
  readonly keyId: string;
  /** The first seven characters of the key: what a log may show. */
  readonly displayPrefix: string;
  readonly currency: string;
  readonly plan: Plan;
  readonly rateCardId: string;
  readonly timeZone: string;
  readonly policy: KeyPolicy;
  /** What all keys of the customer may spend together. */
  readonly customerBudgets: Budgets;
  /** From when on the key is refused; null where it has no end. */
  readonly expiresAt: string | null;
}
