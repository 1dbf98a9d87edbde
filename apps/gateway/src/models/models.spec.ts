import { describe, expect, it } from '@jest/globals';
import type { FastifyRequest } from 'fastify';
import type { AuthenticateKeyHandler } from '../access/authenticate-key.handler.ts';
import { KeyPolicy } from '../access/key-policy.ts';
import { Clock } from '../clock.ts';
import { PriceList, type PublishedPrice } from '../prices/price-list.ts';
import { type Route, UpstreamRoutes } from '../upstreams/upstream-routes.ts';
import { ModelsController } from './models.controller.ts';

const priced = ['gpt-5.5', 'gpt-4', 'claude-opus-4-6'].map(
  (model) => ({ model, effectiveFrom: '2026-01-01T00:00:00Z' }) as PublishedPrice,
);
class Prices extends PriceList {
  pricesAt = () => Promise.resolve(priced);
  priceAt = (_card: string, wanted: string) => Promise.resolve(priced.find(({ model }) => model === wanted));
}
class Noon extends Clock {
  now = () => '2026-11-22T12:00:00Z';
}

/** The models of a key, where these are routed. */
function modelsOf(routed: readonly string[], policy: object = {}): ModelsController {
  const caller = { rateCardId: 'standard', policy: KeyPolicy.parse(policy) };
  const access = { handle: () => Promise.resolve(caller) } as unknown as AuthenticateKeyHandler;
  const routes = new UpstreamRoutes(new Map(routed.map((model) => [model, [{} as Route]])));
  return new ModelsController(access, new Prices(), routes, new Noon());
}

const request = { headers: { authorization: 'Bearer x' } } as FastifyRequest;
const idsOf = async (models: ModelsController) => (await models.list(request)).data.map(({ id }) => id);

describe('the models that a customer can call', () => {
  it('have a price and a provider', async () => {
    expect(await idsOf(modelsOf(['gpt-4', 'gpt-5.5', 'not-priced']))).toEqual(['gpt-5.5', 'gpt-4']);
    expect(await idsOf(modelsOf(['*']))).toEqual(['gpt-5.5', 'gpt-4', 'claude-opus-4-6']);
  });

  it('are those that the key may use', async () => {
    expect(await idsOf(modelsOf(['*'], { models: ['gpt-4'] }))).toEqual(['gpt-4']);
  });

  it.each([
    ['not-priced', ['*'], {}],
    ['gpt-4', ['gpt-5.5'], {}],
    ['gpt-4', ['*'], { models: ['gpt-5.5'] }],
  ])('do not hold %s where %j is routed and %j is the key’s', async (model, routed, policy) => {
    const found = modelsOf(routed, policy).find(request, model);
    await expect(found).rejects.toMatchObject({ details: { status: 404, code: 'model_not_found' } });
  });

  it('are told one by one as in the list', async () => {
    const models = modelsOf(['*']);
    const { data } = await models.list(request);
    expect(await models.find(request, 'gpt-4')).toEqual(data[1]);
  });
});
