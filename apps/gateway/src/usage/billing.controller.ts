import { Money } from '@app/money';
import { Problem, Public } from '@app/transport';
import { Controller, Get, Headers, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { AuthenticateKeyHandler } from '../access/authenticate-key.handler.ts';
import type { Caller } from '../access/caller.ts';
import { Peers } from '../peers.client.ts';

const Subscription = z.object({
  object: z.literal('billing_subscription'),
  has_payment_method: z.boolean(),
  soft_limit_usd: z.number(),
  hard_limit_usd: z
    .number()
    .describe('What is left and what was used, in the wallet’s currency whatever the name says.'),
  system_hard_limit_usd: z.number(),
  access_until: z.literal(0).describe('A balance does not end.'),
});
type Subscription = z.infer<typeof Subscription>;

const Day = z.iso.date();
const UsageDays = z.object({
  start_date: Day.optional().describe('From the beginning of this day where you are.'),
  end_date: Day.optional().describe('Up to the beginning of this day.'),
});
const Usage = z.object({
  object: z.literal('list'),
  total_usage: z.number().describe('A hundred times the amount in the wallet’s currency.'),
});

const beginning = '2000-01-01';
/** More months than anyone has used anything. */
const monthsMax = 1_440;

/** The two questions that older clients ask about money. Their numbers are for display; exact amounts are elsewhere. */
@ApiTags('account, as at OpenAI')
@ApiBearerAuth()
@Controller(['v1/dashboard/billing', 'dashboard/billing'])
@Public()
export class BillingController {
  constructor(
    private readonly access: AuthenticateKeyHandler,
    private readonly peers: Peers,
  ) {}

  @Get('subscription')
  @ApiOperation({ summary: 'What is left and what was used, as one limit' })
  @ApiOkResponse({ standardSchema: Subscription })
  async subscription(@Headers('authorization') authorization: string | undefined): Promise<Subscription> {
    const caller = await this.access.handle(authorization);
    const [left, used] = await Promise.all([this.available(caller), this.used(caller, {})]);
    const limit = Number(left.plus(used).toText());
    return {
      object: 'billing_subscription',
      has_payment_method: true,
      soft_limit_usd: limit,
      hard_limit_usd: limit,
      system_hard_limit_usd: limit,
      access_until: 0,
    };
  }

  @Get('usage')
  @ApiOperation({ summary: 'What was used in a range of days' })
  @ApiOkResponse({ standardSchema: Usage })
  async usage(
    @Headers('authorization') authorization: string | undefined,
    @Query({ schema: UsageDays }) days: z.infer<typeof UsageDays>,
  ): Promise<z.infer<typeof Usage>> {
    const used = await this.used(await this.access.handle(authorization), days);
    return { object: 'list', total_usage: Number(used.times(100n).toText()) };
  }

  private async used(
    { customerId, currency }: Caller,
    { start_date: from = beginning, end_date: to = '' }: z.infer<typeof UsageDays>,
  ): Promise<Money> {
    const { buckets } = await this.peers.metering.GetUsage({
      ...{ customerId, from, to, bucketWidth: 'month', pageSize: monthsMax },
      ...{ groupBy: [], cursor: '', timeZone: '', models: [], keyIds: [], product: '' },
    });
    const charges = buckets.flatMap(({ results }) => results.map(({ charge }) => Money.of(charge, currency)));
    return Money.sum(charges, currency);
  }

  private async available({ customerId, currency }: Caller): Promise<Money> {
    try {
      const { available } = await this.peers.ledger.GetBalance({ customerId, asOf: '' });
      return Money.of(available, currency);
    } catch (error) {
      // A customer that the ledger has not heard of yet was created a moment ago and has nothing.
      if (!(error instanceof Problem) || error.code !== 'unknown-account') throw error;
      return Money.of('0', currency);
    }
  }
}
