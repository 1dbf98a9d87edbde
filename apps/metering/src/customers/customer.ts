import type { PlanTerms } from '@app/contracts';

/** A customer as metering needs one: which prices count, which zone its days are in, which plan it reads in. */
export interface Customer {
  readonly customerId: string;
  readonly plan: PlanTerms;
  readonly currency: string;
  readonly rateCardId: string;
  readonly timeZone: string;
  readonly status: string;
  readonly changedAt: string;
}
