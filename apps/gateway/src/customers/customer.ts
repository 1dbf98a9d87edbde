import { Code, CurrencyCode } from '@app/contracts';
import type { Plan } from '@app/money';
import { z } from 'zod';
import { Budgets } from '../access/key-policy.ts';
import { planCodes } from './plans.ts';

/** True where the runtime knows the zone, half-hour zones included. */
const isTimeZone = (zone: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
};

/** What an operator says about a new customer. */
export const NewCustomer = z.strictObject({
  name: z.string().trim().min(1).max(200),
  plan: z.enum(planCodes).describe('The credit plan; its rate is pinned to the wallet.'),
  currency: CurrencyCode.default('CNY').describe('Of the wallet and of the price list.'),
  rateCardId: Code.default('standard'),
  timeZone: z
    .string()
    .max(64)
    .refine(isTimeZone, 'must be an IANA time zone such as "Asia/Shanghai"')
    .default('Asia/Shanghai')
    .describe('In which days and weeks are counted.'),
  budgets: Budgets.optional().describe('How much all keys together may spend, in the wallet’s currency.'),
});
export type NewCustomer = z.infer<typeof NewCustomer>;

/** What an operator may change of a customer. */
export const CustomerChange = z.strictObject({
  budgets: Budgets.describe('All of them anew: what is not said is not limited.'),
});
export type CustomerChange = z.infer<typeof CustomerChange>;

/** A customer: one wallet in one currency, whose id is the customer's. */
export interface Customer {
  readonly customerId: string;
  readonly name: string;
  readonly plan: Plan;
  readonly currency: string;
  readonly rateCardId: string;
  readonly timeZone: string;
  readonly budgets: Budgets;
  readonly status: 'active' | 'suspended' | 'draining' | 'closed';
  readonly createdAt: string;
}
