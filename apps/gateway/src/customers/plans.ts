import type { Plan } from '@app/money';

/** The credit plans that a customer can be created on; a customer keeps the rate it was created with. */
export const plans = {
  /** ¥7.14 for one credit. */
  'usd-credit': { code: 'usd-credit', unit: 'credit', creditsPer: { credits: '1', amount: '7.14' } },
  /** ¥1 for 10,000 credits. */
  'hk-credit': { code: 'hk-credit', unit: 'credit', creditsPer: { credits: '10000', amount: '1' } },
} as const satisfies Record<string, Plan>;

/** The code of a plan on offer. */
export type PlanCode = keyof typeof plans;
export const planCodes = Object.keys(plans) as [PlanCode, ...PlanCode[]];
