import { AmountText, CurrencyCode, Id, InstantText } from '@app/contracts';
import { z } from 'zod';
import { Budgets } from '../access/key-policy.ts';
import type { Customer } from './customer.ts';

/** A customer, as operators see it. */
export const CustomerView = z.object({
  customerId: Id,
  name: z.string(),
  plan: z.object({
    code: z.string(),
    credits: AmountText.describe('How many credits …'),
    amount: AmountText.describe('… cost this much in the wallet’s currency.'),
  }),
  currency: CurrencyCode,
  rateCardId: z.string(),
  timeZone: z.string(),
  budgets: Budgets.describe('How much all keys together may spend.'),
  status: z.enum(['active', 'suspended', 'draining', 'closed']),
  createdAt: InstantText,
});
export type CustomerView = z.infer<typeof CustomerView>;

/** A page of customers. */
export const CustomerPage = z.object({
  customers: z.array(CustomerView),
  nextCursor: z.string().describe('Empty on the last page.'),
});
export type CustomerPage = z.infer<typeof CustomerPage>;

export const viewOf = ({ plan, ...customer }: Customer): CustomerView => ({
  ...customer,
  plan: { code: plan.code, ...plan.creditsPer },
});
