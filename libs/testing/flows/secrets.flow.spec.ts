import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Anthropic from '@anthropic-ai/sdk';
import { closeGrpc } from '@app/transport';
import pg from 'pg';
import { eventually } from '../src/eventually.ts';
import { type Customer, Customers } from './customers.ts';
import { runningPlatform, type RunningPlatform, type ServiceName } from './running-platform.ts';

const services: readonly ServiceName[] = ['gateway', 'metering', 'ledger', 'payments'];
const canary = 'canary-9f1b7c-言';
/** Words of the provider's answer. */
const answered = 'the money is there before the work';

let platform: RunningPlatform;
let customers: Customers;
let customer: Customer;
/** What every refusal said. */
let refusals: readonly string[];

beforeAll(async () => {
  platform = await runningPlatform('secrets');
  customers = new Customers(platform);
  customer = await customers.aCustomer({ paid: '5' });
  await customers.publish({ model: 'text-embedding-3-small', rates: { input: '0.14' } }, customer.key);
  await customers.publish({ model: 'midjourney', rates: {}, unitPrices: { image: '0.2' } }, customer.key);
  await everyWayIn(customer);
  refusals = await everyRefusal(customer);
  await eventually(
    () => customers.ledger.GetBalance({ customerId: customer.customerId, asOf: '' }),
    ({ held }) => held === '0',
  );
}, 240_000);
afterAll(async () => {
  closeGrpc(customers.ledger);
  await platform.stop();
}, 60_000);

const chat = (content: string, more: object = {}) => ({
  model: 'gpt-5.5',
  max_completion_tokens: 100,
  messages: [
    { role: 'system' as const, content: canary },
    { role: 'user' as const, content },
  ],
  user: canary,
  metadata: { note: canary },
  ...more,
});

/** Says the canary wherever words of a customer go in, and hears the provider's answer; no call is refused. */
async function everyWayIn({ openai, key }: Customer): Promise<void> {
  const tools = [{ type: 'function' as const, function: { name: 'weather', description: canary } }];
  const headers = { baggage: `note=${canary.slice(0, 13)}`, tracestate: `note=${canary.slice(0, 13)}` };
  await openai.chat.completions.create(chat(canary), { headers });
  await openai.chat.completions.create(chat(`${canary} tool`, { tools }));
  for await (const chunk of await openai.chat.completions.create({ ...chat(canary), stream: true }))
    expect(chunk.object).toBe('chat.completion.chunk');
  const response = { model: 'gpt-5.5', max_output_tokens: 100, input: canary, instructions: canary };
  await openai.responses.create(response);
  await new Anthropic({ apiKey: key, baseURL: customers.gatewayUrl }).messages.create({
    ...{ model: 'gpt-5.5', max_tokens: 100, system: canary },
    messages: [{ role: 'user', content: canary }],
  });
  await openai.embeddings.create({ model: 'text-embedding-3-small', input: canary });
  await openai.images.generate({ model: 'midjourney', prompt: canary });
  const asked = await Promise.all([
    customers.ask('/v1/images/tasks', key, { model: 'midjourney', prompt: canary }),
    customers.ask('/v1/tokenize', key, { model: 'gpt-5.5', input: canary }),
  ]);
  expect(asked.map(({ status }) => status)).toEqual([202, 200]);
}

/** Says it in every request that is refused, by us or by the provider, and gives what was answered. */
async function everyRefusal({ key }: Customer): Promise<readonly string[]> {
  const path = '/v1/chat/completions';
  const asked = await Promise.all([
    ...[400, 401, 429, 500].map((status) =>
      customers.request(path, key, chat(`${canary} status=${String(status)}`)),
    ),
    customers.request(path, key, { ...chat(`${canary} cut`), stream: true }),
    customers.request(path, key, chat(canary, { n: 99 })),
    customers.request(path, key, chat(canary, { model: 'gpt-4-32k' })),
    customers.request(path, key, chat(canary, { messages: canary })),
    customers.request(path, key, `{"model":"gpt-5.5","messages":[${canary}`),
    customers.request(path, key, `{"__proto__":{"a":"${canary}"}}`),
    customers.request(path, 'sk-wrong', chat(canary)),
    customers.request('/v1/no-such-thing', key, chat(canary)),
    customers.request('/v1/images/tasks', key, { model: 'midjourney', prompt: `${canary} banned` }),
  ]);
  return Promise.all(asked.map((answer) => answer.text()));
}

/** The rows of a service's database in which the text stands, as it is or as bytes. */
async function rowsWith(service: ServiceName, text: string): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: platform.databaseUrlOf(service) });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ readonly name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
        WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
    );
    expect(tables.length).toBeGreaterThan(3);
    const found: string[] = [];
    for (const { name } of tables) {
      const { rows } = await client.query<{ readonly row: string }>(
        `SELECT row::text FROM ${name} AS row WHERE strpos(row::text, $1) > 0 OR strpos(row::text, $2) > 0 LIMIT 1`,
        [text, Buffer.from(text).toString('hex')],
      );
      found.push(...rows.map(({ row }) => `${name}: ${row}`));
    }
    return found;
  } finally {
    await client.end();
  }
}

/** What nobody but the customer and the provider may read. */
const secrets = () => [canary, answered, customer.key, customer.key.slice(7, -4)];

describe('what a customer writes and reads, and its key,', () => {
  it('is in no log of any process', () => {
    const logs = readdirSync(platform.logDir).filter((name) => name.endsWith('.log'));
    expect(logs.length).toBeGreaterThanOrEqual(services.length);
    // The sandbox is the provider: nothing of ours.
    for (const name of logs.filter((log) => log !== 'sandbox.log')) {
      const text = readFileSync(join(platform.logDir, name), 'utf8');
      expect(text.length).toBeGreaterThan(0);
      for (const secret of secrets()) expect([name, text.includes(secret)]).toEqual([name, false]);
    }
  });

  it('is in no metric of any service', async () => {
    for (const service of services) {
      const url = customers.setting(`${service.toUpperCase()}_HTTP_URL`);
      const text = await (await fetch(`${url}/metrics`)).text();
      expect(text).toContain('# HELP');
      for (const secret of secrets()) expect(text).not.toContain(secret);
    }
  });

  it('is in no error', () => {
    expect(refusals.length).toBeGreaterThanOrEqual(13);
    // The stream that was cut off had begun to answer.
    const errors = refusals.filter((text) => !text.startsWith('data:'));
    expect(errors).toHaveLength(refusals.length - 1);
    for (const text of errors) {
      expect(text).toContain('"error"');
      for (const secret of secrets()) expect(text).not.toContain(secret);
    }
  });

  it.each(services)(
    'is in no row of the database of %s, nor in an event that waits there',
    async (service) => {
      for (const secret of secrets()) expect(await rowsWith(service, secret)).toEqual([]);
      // It would be found.
      if (service === 'gateway') expect(await rowsWith(service, customer.keyId)).not.toEqual([]);
    },
  );
});
