import { Public } from '@app/transport';
import { compareInstants } from '@app/rating';
import { Controller, Get, Header, Headers, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AuthenticateKeyHandler } from '../access/authenticate-key.handler.ts';
import { Clock } from '../clock.ts';
import { Peers } from '../peers.client.ts';
import { PriceList } from '../prices/price-list.ts';
import { priceFeedOf } from './price-feed.ts';
import {
  CardQuery,
  changesOf,
  ChangesQuery,
  listedPrice,
  PriceChanges,
  priceOf,
  Pricing,
} from './pricing-view.ts';

const feedItems = 100;

/** What a customer pays now, and what is announced. Without a key: public rate cards. */
@ApiTags('account')
@ApiBearerAuth()
@Controller('v1/pricing')
@Public()
export class PricingController {
  constructor(
    private readonly access: AuthenticateKeyHandler,
    private readonly prices: PriceList,
    private readonly peers: Peers,
    private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOperation({
    summary:
      'Prices in force on your rate card, in its currency and in credits of your plan; without a key, on public ones',
  })
  @ApiOkResponse({ standardSchema: Pricing })
  async list(
    @Headers('authorization') authorization: string | undefined,
    @Query({ schema: CardQuery }) { card }: CardQuery,
  ): Promise<Pricing> {
    const now = this.clock.now();
    if (authorization === undefined) {
      const { versions } = await this.peers.metering.ListPrices({ rateCard: '', publicCard: card ?? '' });
      const inForce = versions.filter(({ effectiveFrom }) => compareInstants(effectiveFrom, now) <= 0);
      return { object: 'list', data: inForce.map((version) => priceOf(listedPrice(version))) };
    }
    const { rateCardId, plan } = await this.access.handle(authorization);
    const prices = await this.prices.pricesAt(rateCardId, now);
    return { object: 'list', data: prices.map((price) => priceOf(price, plan)) };
  }

  @Get('changes')
  @ApiOperation({ summary: 'Announced prices, the latest first, with what each changes' })
  @ApiOkResponse({ standardSchema: PriceChanges })
  async changes(
    @Headers('authorization') authorization: string | undefined,
    @Query({ schema: ChangesQuery }) { card, since, limit, page }: ChangesQuery,
  ): Promise<PriceChanges> {
    const question = { since: since ?? '', cursor: page ?? '', pageSize: limit ?? 0 };
    const where = await this.cardOf(authorization, card);
    return changesOf(await this.peers.metering.ListPriceChanges({ ...where, ...question }));
  }

  @Get('feed.json')
  @Header('content-type', 'application/feed+json; charset=utf-8')
  @Header('cache-control', 'public, max-age=60')
  @ApiOperation({
    summary: 'The latest 100 announcements of public cards as a JSON Feed 1.1, for any feed reader',
  })
  @ApiOkResponse({ content: { 'application/feed+json': { schema: { type: 'object' } } } })
  async feed(@Query({ schema: CardQuery }) { card }: CardQuery) {
    const question = { rateCard: '', publicCard: card ?? '', since: '', cursor: '', pageSize: feedItems };
    return priceFeedOf((await this.peers.metering.ListPriceChanges(question)).changes);
  }

  /** With a key, the card of the key and no other; without one, public cards. */
  private async cardOf(authorization: string | undefined, card: string | undefined) {
    if (authorization === undefined) return { rateCard: '', publicCard: card ?? '' };
    return { rateCard: (await this.access.handle(authorization)).rateCardId, publicCard: '' };
  }
}
