import { Public } from '@app/transport';
import { Controller, Get, Param, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AuthenticateKeyHandler } from '../access/authenticate-key.handler.ts';
import { allowsModel, type KeyPolicy } from '../access/key-policy.ts';
import { presentedKey } from '../access/presented-key.ts';
import { Clock } from '../clock.ts';
import { modelNotFound } from '../openai/openai-error.ts';
import { PriceList, type PublishedPrice } from '../prices/price-list.ts';
import { UpstreamRoutes } from '../upstreams/upstream-routes.ts';

/** A model as OpenAI's clients read it, and by its last three fields as Anthropic's do: neither minds the other's. */
const Model = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: z.int().describe('When its price took effect, in seconds since 1970.'),
  owned_by: z.string(),
  type: z.literal('model'),
  display_name: z.string(),
  created_at: z.string().describe('The same as `created`, as text.'),
});
type Model = z.infer<typeof Model>;
const ModelList = z.object({
  object: z.literal('list'),
  data: z.array(Model),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  has_more: z.literal(false).describe('The list is always whole.'),
});
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
  async list(@Req() request: FastifyRequest): Promise<ModelList> {
    const { rateCardId, policy } = await this.access.handle(presentedKey(request), 'models');
    const prices = await this.prices.pricesAt(rateCardId, this.clock.now());
    const data = prices.filter(({ model }) => this.isCallable(policy, model)).map(modelOf);
    const [firstId = null, lastId = null] = [data[0]?.id, data.at(-1)?.id];
    return { object: 'list', data, first_id: firstId, last_id: lastId, has_more: false };
  }

  @Get(':model')
  @ApiOperation({ summary: 'One model' })
  @ApiOkResponse({ standardSchema: Model })
  async find(@Req() request: FastifyRequest, @Param('model') model: string): Promise<Model> {
    const { rateCardId, policy } = await this.access.handle(presentedKey(request), 'models');
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
  type: 'model',
  display_name: model,
  created_at: effectiveFrom,
});
