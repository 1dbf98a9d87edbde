import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { closeGrpc } from '@app/transport';
import { eventually } from '../src/eventually.ts';
import { type Customer, Customers } from './customers.ts';
import { runningPlatform, type RunningPlatform } from './running-platform.ts';

interface Route {
  readonly method: string;
  readonly path: string;
}

let platform: RunningPlatform;
let customers: Customers;
let owner: Customer;
let stranger: Customer;
/** What the owner has, by the words of the paths that lead to it. */
let owned: Readonly<Record<string, string>>;
let routes: readonly Route[];

beforeAll(async () => {
  platform = await runningPlatform('isolation');
  customers = new Customers(platform);
  owner = await customers.aCustomer({ paid: '5' });
  stranger = await customers.aCustomer({ paid: '1' });
  await customers.publish({ model: 'midjourney', rates: {}, unitPrices: { image: '0.2' } }, owner.key);
  owned = await everythingOf(owner);
  routes = await routesToOne();
}, 180_000);
afterAll(async () => {
  closeGrpc(customers.ledger);
  await platform.stop();
}, 60_000);

/** One of everything that a customer can have. */
async function everythingOf({ key, keyId, openai }: Customer): Promise<Readonly<Record<string, string>>> {
  const idOf = async (path: string, body: object): Promise<string> =>
    String((await customers.ask(path, key, body)).body['id']);
  const firstOf = async (path: string, name = 'id'): Promise<string> => {
    const { body } = await eventually(
      () => customers.ask(path, key),
      (answer) => ((answer.body['data'] as unknown[] | undefined) ?? []).length > 0,
    );
    return String((body['data'] as readonly Record<string, unknown>[])[0]?.[name]);
  };
  await openai.chat.completions.create({
    model: 'gpt-5.5',
    messages: [{ role: 'user', content: 'usage=9/9' }],
  });
  const webhook = await idOf('/v1/webhooks', { url: 'http://127.0.0.1:9/' });
  await customers.ask(`/v1/webhooks/${webhook}/test`, key, {});
  return {
    keyId,
    'images/tasks/{id}': await idOf('/v1/images/tasks', { model: 'midjourney', prompt: 'A lantern' }),
    topUpId: await firstOf('/v1/top-ups'),
    refundId: await idOf('/v1/refunds', { amount: '1' }),
    callId: await firstOf('/v1/usage/calls', 'id'),
    webhookId: webhook,
    deliveryId: await firstOf(`/v1/webhooks/${webhook}/deliveries`),
  };
}

/** Routes of customers that lead to one thing, as the document of the gateway tells them; models are everybody's. */
async function routesToOne(): Promise<readonly Route[]> {
  const answer = await fetch(`${customers.gatewayUrl}/docs-json`);
  const { paths } = (await answer.json()) as { readonly paths: Readonly<Record<string, object>> };
  return Object.entries(paths)
    .filter(([path]) => path.includes('{') && path.startsWith('/v1/'))
    .filter(([path]) => !path.startsWith('/v1/admin/') && !path.startsWith('/v1/models/'))
    .flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
    );
}

/** The path to what the owner has. Fails where a new route leads to something that is not in the list above. */
const pathOf = ({ path }: Route): string =>
  path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => {
    const id = owned[name] ?? Object.entries(owned).find(([place]) => path.endsWith(place))?.[1];
    if (id === undefined) throw new Error(`Nobody has what ${path} leads to: make one in this spec.`);
    return id;
  });

const bodies: Readonly<Record<string, object>> = {
  'PATCH /v1/keys/{keyId}': { name: 'Taken over' },
  'PATCH /v1/webhooks/{webhookId}': { url: 'http://127.0.0.1:10/' },
};

const asked = (route: Route, key: string) => {
  const { method, path } = route;
  const body = method === 'GET' || method === 'DELETE' ? undefined : (bodies[`${method} ${path}`] ?? {});
  return customers.request(pathOf(route), key, body, method);
};

describe('what a customer has', () => {
  it('is there for the customer itself, by every route that reads it', async () => {
    const reads = routes.filter(({ method }) => method === 'GET');
    expect(reads.length).toBeGreaterThanOrEqual(6);
    for (const route of reads)
      expect([route.path, (await asked(route, owner.key)).status]).toEqual([route.path, 200]);
  });

  it('is not there for another customer, by any route of the document', async () => {
    expect(routes.length).toBeGreaterThanOrEqual(12);
    for (const route of routes) {
      const answer = await asked(route, stranger.key);
      const told = [route.method, route.path, answer.status];
      expect(told).toEqual([route.method, route.path, 404]);
      const text = await answer.text();
      for (const id of [owner.customerId, owner.keyId])
        expect(text.replace(pathOf(route), '')).not.toContain(id);
    }
  });

  it('is there for nobody whose key is not one, by any route of the document', async () => {
    for (const route of routes) {
      const told = [route.method, route.path, (await asked(route, 'sk-none')).status];
      expect(told).toEqual([route.method, route.path, 401]);
    }
  });

  it('is as it was after that', async () => {
    const { body } = await customers.ask(`/v1/webhooks/${String(owned['webhookId'])}`, owner.key);
    expect(body).toMatchObject({ url: 'http://127.0.0.1:9/' });
    expect(await customers.ask('/v1/balance', owner.key)).toMatchObject({ status: 200 });
  });
});
