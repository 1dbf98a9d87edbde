import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { closeGrpc } from '@app/transport';
import { eventually } from '../src/eventually.ts';
import { type Customer, Customers } from './customers.ts';
import { runningPlatform, type RunningPlatform } from './running-platform.ts';

const root = join(import.meta.dirname, '../../..');
const guide = readFileSync(join(root, 'docs/guides/receive-webhooks.md'), 'utf8');
const snippet = /```js\n([\s\S]*?)```/.exec(guide)?.[1] ?? '';

let platform: RunningPlatform;
let customers: Customers;
const receivers: ChildProcess[] = [];
const servers: Server[] = [];

beforeAll(async () => {
  platform = await runningPlatform('webhooks', { gateway: { WEBHOOK_TIMEOUT_MS: '2000' } });
  customers = new Customers(platform);
}, 180_000);
afterAll(async () => {
  for (const receiver of receivers) receiver.kill();
  for (const server of servers) server.close().closeAllConnections();
  closeGrpc(customers.ledger);
  await platform.stop();
}, 60_000);

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function aWebhook(customer: Customer, url: string) {
  const { status, body } = await customers.ask('/v1/webhooks', customer.key, { url });
  expect(status).toBe(201);
  return { id: String(body['id']), secret: String(body['secret']) };
}

/** The guide's own server, and the events that it took for genuine. */
function theGuidesServer(port: number, secret: string) {
  const receiver = spawn(process.execPath, ['--input-type=module', '-e', snippet], {
    cwd: root,
    env: { ...process.env, PORT: String(port), WEBHOOK_SECRET: secret },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  receivers.push(receiver);
  let said = '';
  receiver.stdout.on('data', (piece: Buffer) => (said += piece.toString()));
  return () =>
    said
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line.slice(line.indexOf(' '))) as { type: string; data: object });
}

describe('a customer’s server', () => {
  it('is told what happens to the money, in events that the guide’s snippet verifies', async () => {
    const customer = await customers.aCustomer({ paid: '5' });
    const port = await freePort();
    const webhook = await aWebhook(customer, `http://127.0.0.1:${String(port)}/`);
    const events = theGuidesServer(port, webhook.secret);
    const told = (type: string) =>
      eventually(
        () => Promise.resolve(events().filter((event) => event.type === type)),
        (found) => found.length > 0,
      );

    const put = await fetch(`${customers.gatewayUrl}/v1/balance/alerts`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${customer.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ thresholds: ['4.99', '1'] }),
    });
    expect(await put.json()).toEqual({ thresholds: ['4.99', '1'] });
    await customers.ask(`/v1/webhooks/${webhook.id}/test`, customer.key, {});
    await told('webhook.test');

    // 1,000 × 2.5 + 800 × 15 per million: 0.0145 each; the first passes the threshold, the second is below it already.
    for (let call = 0; call < 2; call += 1) {
      await customer.openai.chat.completions.create({
        ...{ model: 'gpt-5.5', max_completion_tokens: 1_000 },
        messages: [{ role: 'user', content: 'usage=1000/800' }],
      });
    }
    const [low] = await told('balance.low');
    expect(low?.data).toMatchObject({ threshold: '4.99', balance: '4.9855', currency: 'CNY' });

    const topUpId = await customers.topUp(customer.key, '50');
    const [credited] = await told('top_up.credited');
    expect(credited?.data).toMatchObject({ top_up_id: topUpId, amount: '50', balance: '54.971' });

    const { body: refund } = await customers.ask('/v1/refunds', customer.key, { amount: '50' });
    const [completed] = await told('refund.completed');
    expect(completed?.data).toMatchObject({ refund_id: refund['id'], paid: '50', given_back: '0' });

    // Down to 4.971 by the refund: that is a second crossing.
    const log = await eventually(
      () => customers.ask(`/v1/webhooks/${webhook.id}/deliveries`, customer.key),
      ({ body }) => JSON.stringify(body).split('"response_status":204').length === 6,
    );
    const types = (log.body['data'] as readonly { readonly type: string }[]).map(({ type }) => type).sort();
    expect(types).toEqual([
      ...['balance.low', 'balance.low', 'refund.completed', 'top_up.credited', 'webhook.test'],
    ]);
    expect(JSON.stringify(log.body)).not.toContain('whsec_');

    const stranger = await customers.aCustomer({ paid: '0' });
    for (const path of ['', '/deliveries'])
      expect((await customers.ask(`/v1/webhooks/${webhook.id}${path}`, stranger.key)).status).toBe(404);
    for (const path of ['/test', '/rotate-secret'])
      expect((await customers.ask(`/v1/webhooks/${webhook.id}${path}`, stranger.key, {})).status).toBe(404);
  }, 120_000);

  it('is told again, under the same id, where the gateway was killed while it waited', async () => {
    const customer = await customers.aCustomer({ paid: '0' });
    const arrived: IncomingHttpHeaders[] = [];
    const server = createServer((request, response) => {
      arrived.push(request.headers);
      if (arrived.length > 1) response.writeHead(204).end();
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const webhook = await aWebhook(customer, `http://127.0.0.1:${String(port)}/`);
    await customers.ask(`/v1/webhooks/${webhook.id}/test`, customer.key, {});
    await eventually(
      () => Promise.resolve(arrived.length),
      (count) => count === 1,
    );
    await platform.kill('gateway');
    await eventually(
      () => Promise.resolve(arrived.length),
      (count) => count === 2,
    );
    expect(arrived[1]?.['webhook-id']).toBe(arrived[0]?.['webhook-id']);
    await eventually(
      () => customers.ask(`/v1/webhooks/${webhook.id}/deliveries`, customer.key),
      ({ body }) => JSON.stringify(body).includes('"status":"delivered","attempts":2'),
    );
  }, 120_000);
});
