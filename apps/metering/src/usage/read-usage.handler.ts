import type { MeteringApi } from '@app/contracts';
import { Money, toCredits } from '@app/money';
import { Injectable } from '@nestjs/common';
import type { Customer } from '../customers/customer.ts';
import { CustomerStore } from '../customers/customer.store.ts';
import type { UsageQuery } from './usage-query.ts';
import { type UsageSum, UsageStore } from './usage.store.ts';

/** Where days are counted for a customer who was not announced yet. */
const timeZoneDefault = 'Asia/Shanghai';

/** Gives usage summed by time and group, in money and, for reading, in the credits of the customer's plan. */
@Injectable()
export class ReadUsageHandler {
  constructor(
    private readonly customers: CustomerStore,
    private readonly usage: UsageStore,
  ) {}

  async handle(query: UsageQuery): Promise<MeteringApi.UsagePage> {
    const customer = await this.customers.find(query.customerId);
    const timeZone = query.timeZone ?? customer?.timeZone ?? timeZoneDefault;
    const range = await this.usage.rangeOf(query.from, query.to, timeZone);
    const buckets = await this.usage.bucketsOf({
      from: query.cursor ?? range.from,
      to: range.to,
      width: query.bucketWidth,
      timeZone,
      bucketsMax: query.pageSize,
    });
    const sums = await this.usage.sums(buckets, query);
    return {
      buckets: buckets.starts.map((start, index) => ({
        start,
        end: buckets.starts[index + 1] ?? buckets.end,
        results: sums.filter(({ bucket }) => bucket === index).map((sum) => resultOf(sum, customer)),
      })),
      nextCursor: buckets.next ?? '',
    };
  }
}

function resultOf(sum: UsageSum, customer: Customer | undefined): MeteringApi.UsageResult {
  const { group, requests, tokens, units, charge, currency } = sum;
  return {
    group: Object.fromEntries(Object.entries(group)),
    requests,
    tokens: { ...tokens },
    units: { ...units },
    charge,
    currency: currency === '' ? (customer?.currency ?? '') : currency,
    credits: creditsOf(charge, customer),
  };
}

/** An amount in the credits of a customer's plan, to be shown; empty where the customer is not known. */
export function creditsOf(amount: string, customer: Customer | undefined): string {
  if (customer === undefined) return '';
  const { code, credits, amount: price } = customer.plan;
  const plan = { code, unit: 'credit', creditsPer: { credits, amount: price } } as const;
  return toCredits(Money.of(amount, customer.currency), plan).credits;
}
