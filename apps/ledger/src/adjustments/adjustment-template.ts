import { AmountText, Code, CurrencyCode, Id, InstantText, MoneyText } from '@app/contracts';
import { z } from 'zod';

/** Ids that become part of an event id, which has at most 128 characters. */
const PartId = Id.max(64);
const PositiveMoney = MoneyText.refine(({ amount }) => amount !== '0', {
  path: ['amount'],
  message: 'must be more than zero',
});
const PositiveAmount = AmountText.refine((amount) => amount !== '0', 'must be more than zero');
const Month = z.string().regex(/^\d{4}-(?:0[1-9]|1[0-2])$/, 'must be a month such as "2026-10"');

/** When it happened in the world; without it, when it was asked for. */
const when = { occurredAt: InstantText.optional() };
const customer = { ...when, customerId: Id };
const channelMoney = { ...when, channel: Code, amount: PositiveMoney };

/** What people may ask for by hand, each with the facts that its entry needs. */
export const Adjustment = z.discriminatedUnion('template', [
  z.strictObject({
    template: z.literal('opening-balance'),
    ...customer,
    channel: Code,
    paid: AmountText,
    granted: AmountText,
    currency: CurrencyCode,
  }),
  z.strictObject({ template: z.literal('grant'), ...customer, amount: PositiveMoney, reasonId: Code }),
  z.strictObject({
    template: z.literal('compensation'),
    ...customer,
    chargeId: PartId,
    reasonId: Code,
    amount: PositiveMoney,
  }),
  z.strictObject({
    template: z.literal('correction'),
    ...customer,
    chargeId: PartId,
    reasonId: Code,
    charge: MoneyText,
  }),
  z.strictObject({
    template: z.literal('plan-change'),
    ...customer,
    plan: z.strictObject({ code: Code, credits: PositiveAmount, amount: PositiveAmount }),
    currency: CurrencyCode,
  }),
  z.strictObject({ template: z.literal('channel-fee'), ...channelMoney, feeId: PartId }),
  z.strictObject({ template: z.literal('channel-fee-return'), ...channelMoney, feeId: PartId }),
  z.strictObject({ template: z.literal('settlement'), ...channelMoney, settlementId: PartId, bank: Code }),
  z.strictObject({ template: z.literal('suspense-in'), ...channelMoney, suspenseId: PartId }),
  z.strictObject({ template: z.literal('suspense-return'), ...channelMoney, suspenseId: PartId }),
  z.strictObject({
    template: z.literal('suspense-assign'),
    ...channelMoney,
    customerId: Id,
    suspenseId: PartId,
  }),
  z.strictObject({
    template: z.literal('upstream-bill'),
    ...when,
    billId: PartId,
    upstream: Code,
    bank: Code,
    accrued: PositiveAmount,
    paid: PositiveAmount,
    currency: CurrencyCode,
  }),
  z.strictObject({ template: z.literal('close-period'), month: Month }),
  z.strictObject({ template: z.literal('reopen-period'), month: Month }),
]);
export type Adjustment = z.infer<typeof Adjustment>;
export type Template = Adjustment['template'];
export type AdjustmentOf<Name extends Template> = Extract<Adjustment, { template: Name }>;

/** Those that become an entry. */
export type EntryAdjustment = Exclude<Adjustment, { month: string }>;
