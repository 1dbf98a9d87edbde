import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { Database, messagingMigration, migrate, Outbox, OutboxSignal } from '@app/persistence';
import { freshDatabase } from '@app/testing';
import { CreateCustomerHandler } from '../customers/create-customer.handler.ts';
import type { NewCustomer } from '../customers/customer.ts';
import { CustomersStore } from '../customers/customers.store.ts';
import { CustomersAndKeys } from '../migrations/0002-customers-and-keys.ts';
import { OpenAiError } from '../openai/openai-error.ts';
import { AuthenticateKeyHandler } from './authenticate-key.handler.ts';
import { IssueKeyHandler, KeyPepper } from './issue-key.handler.ts';
import { KeysStore } from './keys.store.ts';

const pepper = new KeyPepper('a pepper of at least thirty-two characters');
const aurora: NewCustomer = {
  name: 'Aurora Translation Ltd',
  plan: 'usd-credit',
  currency: 'CNY',
  rateCardId: 'standard',
  timeZone: 'Asia/Kolkata',
};

let database: Database;
let customers: CreateCustomerHandler;
let store: KeysStore;
let issue: IssueKeyHandler;

beforeAll(async () => {
  const options = { url: await freshDatabase('gateway keys'), applicationName: 'gateway spec' };
  await migrate({ ...options, migrations: [messagingMigration, CustomersAndKeys] });
  database = new Database(options);
  const outbox = new Outbox(new OutboxSignal());
  customers = new CreateCustomerHandler(new CustomersStore(database, outbox));
  store = new KeysStore(database, outbox);
  issue = new IssueKeyHandler(store, pepper);
});
afterAll(() => database.close());

const aCustomer = async () => {
  const creation = await customers.handle(aurora, undefined);
  if (creation.outcome === 'conflict') throw new Error('conflict');
  return creation.customer.customerId;
};
const aKey = async (customerId: string) => {
  const key = await issue.handle(customerId, 'production');
  if (key === undefined) throw new Error('no key');
  return key;
};
const statusOf = async (access: AuthenticateKeyHandler, key: string): Promise<number> => {
  try {
    await access.handle(`Bearer ${key}`);
    return 200;
  } catch (error) {
    if (error instanceof OpenAiError) return error.details.status;
    throw error;
  }
};
const told = (type: string) =>
  database.query<{ key: string; value: string }>(
    `SELECT key, value FROM outbox WHERE headers->>'ce_type' = $1`,
    [`haoli.${type}.v1`],
  );

describe('creating a customer', () => {
  it('tells the other services the whole customer in the same transaction', async () => {
    const customerId = await aCustomer();
    const events = (await told('CustomerChanged')).filter(({ key }) => key === customerId);
    expect(events.map(({ value }) => JSON.parse(value) as unknown)).toEqual([
      expect.objectContaining({
        customerId,
        plan: { code: 'usd-credit', credits: '1', amount: '7.14' },
        timeZone: 'Asia/Kolkata',
        status: 'active',
      }),
    ]);
  });

  it('gives one customer to twenty equal requests at once, and refuses another request under their key', async () => {
    const creations = await Promise.all(Array.from({ length: 20 }, () => customers.handle(aurora, 'once')));
    const ids = creations.map((creation) =>
      creation.outcome === 'conflict' ? '' : creation.customer.customerId,
    );
    expect(new Set(ids).size).toBe(1);
    expect(creations.filter(({ outcome }) => outcome === 'created')).toHaveLength(1);
    expect((await told('CustomerChanged')).filter(({ key }) => key === ids[0])).toHaveLength(1);
    expect((await customers.handle({ ...aurora, name: 'Another' }, 'once')).outcome).toBe('conflict');
  });
});

describe('an API key', () => {
  it('is nowhere in the database, nor anything by which a guess could be tested without the pepper', async () => {
    const { key } = await aKey(await aCustomer());
    const tables = await database.query<{ name: string }>(
      `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`,
    );
    const secret = key.slice(7, -4);
    const plainHash = createHash('sha256').update(key).digest('hex');
    for (const { name } of tables) {
      const [row] = await database.query<{ text: string | null }>(
        `SELECT string_agg(t::text, ' ') AS text FROM "${name}" t`,
      );
      expect(row?.text ?? '').not.toContain(secret);
      expect(row?.text ?? '').not.toContain(plainHash);
    }
    const events = (await told('KeyChanged')).map(({ value }) => value).join(' ');
    expect(events).toContain(key.slice(0, 7));
    expect(events).not.toContain(secret);
  });

  it('says whose it is', async () => {
    const customerId = await aCustomer();
    const { key, keyId } = await aKey(customerId);
    const access = new AuthenticateKeyHandler(store, pepper);
    expect(await access.handle(`Bearer ${key}`)).toMatchObject({
      customerId,
      keyId,
      currency: 'CNY',
      rateCardId: 'standard',
      timeZone: 'Asia/Kolkata',
      plan: { code: 'usd-credit', creditsPer: { credits: '1', amount: '7.14' } },
    });
  });

  it('is refused within a second of its revocation, on a replica that nobody told', async () => {
    const customerId = await aCustomer();
    const { key, keyId } = await aKey(customerId);
    const elsewhere = new AuthenticateKeyHandler(store, pepper);
    expect(await statusOf(elsewhere, key)).toBe(200);
    expect((await store.revoke(customerId, keyId))?.status).toBe('revoked');
    await new Promise((resolve) => setTimeout(resolve, 1_010));
    expect(await statusOf(elsewhere, key)).toBe(401);
    expect((await store.revoke(customerId, keyId))?.status).toBe('revoked');
    expect((await told('KeyChanged')).filter((event) => event.key === keyId)).toHaveLength(2);
  });

  it('is not another customer’s to see or to revoke', async () => {
    const [mine, other] = [await aCustomer(), await aCustomer()];
    const { key, keyId } = await aKey(mine);
    expect(await store.revoke(other, keyId)).toBeUndefined();
    expect(await store.listOf(other)).toEqual([]);
    expect(await statusOf(new AuthenticateKeyHandler(store, pepper), key)).toBe(200);
  });

  it('is made for nobody where there is no such customer', async () => {
    expect(await issue.handle('cus_nobody', 'x')).toBeUndefined();
  });

  it('is refused alike where it is malformed, unknown or made with another pepper', async () => {
    const { key } = await aKey(await aCustomer());
    const access = new AuthenticateKeyHandler(store, pepper);
    const changed = key.slice(0, -1) + (key.endsWith('x') ? 'y' : 'x');
    const other = new AuthenticateKeyHandler(store, new KeyPepper('another pepper of thirty-two characters'));
    expect([
      await statusOf(access, changed),
      await statusOf(access, 'sk-no'),
      await statusOf(other, key),
    ]).toEqual([401, 401, 401]);
  });
});
