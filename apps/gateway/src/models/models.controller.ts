import { Public } from '@app/transport';
import { Controller, Get, Headers, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { AuthenticateKeyHandler } from '../access/authenticate-key.handler.ts';
import { allowsModel, type KeyPolicy } from '../access/key-policy.ts';
import { Clock } from '../clock.ts';
import { modelNotFound } from '../openai/openai-error.ts';
import { PriceList, type PublishedPrice } from '../prices/price-list.ts';
import { UpstreamRoutes } from '../upstreams/upstream-routes.ts';

const Model = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: z.int().describe('When its price took effect, in seconds since 1970.'),
  owned_by: z.string(),
});
type Model = z.infer<typeof Model>;
const ModelList = z.object({ object: z.literal('list'), data: z.array(Model) });
type ModelList = z.infer<typeof ModelList>;

/** The models that a customer can call: those that have a price on its rate card, its key may use and a provider serves. */
@ApiTags('models')
@ApiBearerAuth()
@Controller('v1/models')
@Public()
export class ModelsController {
  constructor(
    private readonly access: AuthenticateKeyHandler,
    private readonly prices: PriceList,
    private readonly routes: UpstreamRoutes,
    private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Models that you can call, with a price on your rate card' })
  @ApiOkResponse({ standardSchema: ModelList })
  async list(@Headers('authorization') authorization: string | undefined): Promise<ModelList> {
    const { rateCardId, policy } = await this.access.handle(authorization, 'models');
    const prices = await this.prices.pricesAt(rateCardId, this.clock.now());
    const callable = prices.filter(({ model }) => this.isCallable(policy, model));
    return { object: 'list', data: callable.map(modelOf) };
  }

  @Get(':model')
  @ApiOperation({ summary: 'One model' })
  @ApiOkResponse({ standardSchema: Model })
  async find(
    @Headers('authorization') authorization: string | undefined,
    @Param('model') model: string,
  ): Promise<Model> {
    const { rateCardId, policy } = await this.access.handle(authorization, 'models');
    const price = await this.prices.priceAt(rateCardId, model, this.clock.now());
    if (price === undefined || !this.isCallable(policy, model)) throw modelNotFound(model);
    return modelOf(price);
  }

  /** A call of it would reach a provider. */
  private isCallable(policy: KeyPolicy, model: string): boolean {
    return allowsModel(policy, model) && this.routes.serves(model);
  }
}

const modelOf = ({ model, effectiveFrom }: PublishedPrice): Model => ({
  id: model,
  object: 'model',
  created: Math.floor(Date.parse(effectiveFrom) / 1_000),
  owned_by: 'haoli',
});
