import { Public } from '@app/transport';
import { Money, type Plan, toCredits } from '@app/money';
import { Controller, Get, Headers } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { AuthenticateKeyHandler } from '../access/authenticate-key.handler.ts';
import { Clock } from '../clock.ts';
import { PriceList, type PublishedPrice } from '../prices/price-list.ts';

const Rates = z.record(z.string(), z.string());
const ModelPrice = z.object({
  model: z.string(),
  price_version: z.string(),
  effective_from: z.string(),
  currency: z.string(),
  rates: Rates.describe('Per million tokens, by kind.'),
  credits_per_token: Rates.describe('The same in credits of your plan, for one token.'),
  unit_prices: Rates.describe('Per piece.'),
  credits_per_unit: Rates,
  tiers: z.array(z.object({ over_input_tokens: z.int(), rates: Rates })),
  hour_windows: z.array(z.object({ from_utc: z.string(), to_utc: z.string(), rates: Rates })),
});
const Pricing = z.object({ object: z.literal('list'), data: z.array(ModelPrice) });
type Pricing = z.infer<typeof Pricing>;

const creditDigits = 12;
const tokensPerRate = 1_000_000n;

/** What a customer pays now. */
@ApiTags('account')
@ApiBearerAuth()
@Controller('v1/pricing')
@Public()
export class PricingController {
  constructor(
    private readonly access: AuthenticateKeyHandler,
    private readonly prices: PriceList,
    private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Prices in force on your rate card, in its currency and in credits of your plan' })
  @ApiOkResponse({ standardSchema: Pricing })
  async list(@Headers('authorization') authorization: string | undefined): Promise<Pricing> {
    const { rateCardId, plan } = await this.access.handle(authorization);
    const prices = await this.prices.pricesAt(rateCardId, this.clock.now());
    return { object: 'list', data: prices.map((price) => priceOf(price, plan)) };
  }
}

function priceOf(price: PublishedPrice, plan: Plan): z.infer<typeof ModelPrice> {
  const { currency } = price;
  return {
    model: price.model,
    price_version: price.id,
    effective_from: price.effectiveFrom,
    currency,
    rates: present(price.rates),
    credits_per_token: inCredits(price.rates, { currency, plan, per: tokensPerRate }),
    unit_prices: present(price.unitPrices),
    credits_per_unit: inCredits(price.unitPrices, { currency, plan, per: 1n }),
    tiers: price.tiers.map((tier) => ({
      over_input_tokens: tier.overInputTokens,
      rates: present(tier.rates),
    })),
    hour_windows: price.windows.map(({ fromUtc, toUtc, rates }) => ({
      from_utc: fromUtc,
      to_utc: toUtc,
      rates: present(rates),
    })),
  };
}

type Prices = Readonly<Record<string, string | undefined>>;

const present = (prices: Prices): Record<string, string> =>
  Object.fromEntries(
    Object.entries(prices).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );

/** The price of one token or piece in credits: a plan whose amount buys so many times more is the same as a division. */
function inCredits(
  prices: Prices,
  { currency, plan, per }: { readonly currency: string; readonly plan: Plan; readonly per: bigint },
): Record<string, string> {
  const { credits, amount } = plan.creditsPer;
  const perPiece = {
    ...plan,
    creditsPer: { credits, amount: Money.of(amount, currency).times(per).toText() },
  };
  return Object.fromEntries(
    Object.entries(present(prices)).map(([kind, price]) => [
      kind,
      toCredits(Money.of(price, currency), perPiece, creditDigits).credits,
    ]),
  );
}
