import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { Database, messagingMigration, migrate, Outbox, OutboxSignal } from '@app/persistence';
import { freshDatabase } from '@app/testing';
import { withClientAddress } from '@app/transport';
import { CreateCustomerHandler } from '../customers/create-customer.handler.ts';
import type { NewCustomer } from '../customers/customer.ts';
import { CustomersStore } from '../customers/customers.store.ts';
import { CustomersAndKeys } from '../migrations/0002-customers-and-keys.ts';
import { KeyPolicies } from '../migrations/0003-key-policies.ts';
import { CustomerBudgets } from '../migrations/0006-customer-budgets.ts';
import { OpenAiError } from '../openai/openai-error.ts';
import { AuthenticateKeyHandler } from './authenticate-key.handler.ts';
import { IssueKeyHandler, KeyPepper } from './issue-key.handler.ts';
import { FailedKeys } from './failed-keys.ts';
import { KeyPolicy, noBudgets } from './key-policy.ts';
import { NewKey } from './key-view.ts';
import { KeysStore } from './keys.store.ts';
import { OwnKeysController } from './own-keys.controller.ts';

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
let customerRows: CustomersStore;
let store: KeysStore;
let issue: IssueKeyHandler;

beforeAll(async () => {
  const options = { url: await freshDatabase('gateway keys'), applicationName: 'gateway spec' };
  await migrate({
    ...options,
    migrations: [messagingMigration, CustomersAndKeys, KeyPolicies, CustomerBudgets],
  });
  database = new Database(options);
  const outbox = new Outbox(new OutboxSignal());
  customerRows = new CustomersStore(database, outbox);
  customers = new CreateCustomerHandler(customerRows);
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
  const key = await issue.handle(customerId, NewKey.parse({ name: 'production' }));
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

describe('the budgets of a customer', () => {
  it('are those of every key of it from the next look on, and their change is told', async () => {
    const customerId = await aCustomer();
    const { key } = await aKey(customerId);
    const access = () => new AuthenticateKeyHandler(store, pepper, new FailedKeys(100));
    expect(await access().handle(`Bearer ${key}`)).toMatchObject({ customerBudgets: noBudgets });
    const budgets = { ...noBudgets, daily: '12.5' };
    expect(await customerRows.change(customerId, { budgets })).toMatchObject({ customerId, budgets });
    expect(await access().handle(`Bearer ${key}`)).toMatchObject({ customerBudgets: budgets });
    const events = (await told('CustomerChanged')).filter((one) => one.key === customerId);
    expect(events).toHaveLength(2);
  });

  it('are nobody’s where there is no such customer', async () => {
    expect(await customerRows.change('cus_unknown', { budgets: noBudgets })).toBeUndefined();
  });

  it('that are asked for at its creation hold from the beginning', async () => {
    const budgets = { ...noBudgets, total: '3' };
    const creation = await customers.handle({ ...aurora, budgets }, 'with-budgets');
    expect(creation).toMatchObject({ outcome: 'created', customer: { budgets } });
    // Who asks the same again without them asks something else.
    expect(await customers.handle(aurora, 'with-budgets')).toEqual({ outcome: 'conflict' });
  });
});

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
    const access = new AuthenticateKeyHandler(store, pepper, new FailedKeys(20));
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
    const elsewhere = new AuthenticateKeyHandler(store, pepper, new FailedKeys(20));
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
    expect(await statusOf(new AuthenticateKeyHandler(store, pepper, new FailedKeys(20)), key)).toBe(200);
  });

  it('is made for nobody where there is no such customer', async () => {
    expect(await issue.handle('cus_nobody', NewKey.parse({}))).toBeUndefined();
  });

  it('is refused alike where it is malformed, unknown or made with another pepper', async () => {
    const { key } = await aKey(await aCustomer());
    const access = new AuthenticateKeyHandler(store, pepper, new FailedKeys(20));
    const changed = key.slice(0, -1) + (key.endsWith('x') ? 'y' : 'x');
    const other = new AuthenticateKeyHandler(
      store,
      new KeyPepper('another pepper of thirty-two characters'),
      new FailedKeys(20),
    );
    expect([
      await statusOf(access, changed),
      await statusOf(access, 'sk-no'),
      await statusOf(other, key),
    ]).toEqual([401, 401, 401]);
  });
});

describe('the policy of a key', () => {
  const handler = (failuresMax = 20) =>
    new AuthenticateKeyHandler(store, pepper, new FailedKeys(failuresMax));
  const aKeyWith = async (wanted: object) => {
    const customerId = await aCustomer();
    const key = await issue.handle(customerId, NewKey.parse(wanted));
    if (key === undefined) throw new Error('no key');
    return key;
  };
  const failure = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => (error as OpenAiError).details,
    );

  it('refuses it from its expiry on, like a key that never was', async () => {
    const { key, keyId } = await aKeyWith({ expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
    expect(await statusOf(handler(), key)).toBe(200);
    await database.query(`UPDATE api_key SET expires_at = clock_timestamp() WHERE key_id = $1`, [keyId]);
    expect(await failure(handler().handle(`Bearer ${key}`))).toMatchObject({
      status: 401,
      code: 'invalid_api_key',
    });
  });

  it('refuses it from an address that is not on its list', async () => {
    const { key } = await aKeyWith({ policy: { addresses: ['203.0.113.0/24', '2001:db8::/32'] } });
    const from = (address: string) =>
      withClientAddress(address, () => failure(handler().handle(`Bearer ${key}`)));
    expect(await from('203.0.113.9')).toBeUndefined();
    expect(await from('2001:db8::9')).toBeUndefined();
    expect(await from('198.51.100.9')).toMatchObject({ status: 401, code: 'ip_not_authorized' });
    expect(await failure(handler().handle(`Bearer ${key}`))).toMatchObject({ code: 'ip_not_authorized' });
  });

  it('refuses what it has no scope for', async () => {
    const { key } = await aKeyWith({ policy: { scopes: ['models'] } });
    expect(await handler().handle(`Bearer ${key}`, 'models')).toMatchObject({
      policy: { scopes: ['models'] },
    });
    for (const scope of ['read', 'top-ups', 'refunds', 'keys', 'webhooks'] as const)
      expect(await failure(handler().handle(`Bearer ${key}`, scope))).toMatchObject({
        status: 403,
        code: 'missing_scope',
      });
  });

  it('is changed as a whole, and what is not named stays', async () => {
    const { key, keyId, customerId } = await aKeyWith({ name: 'first', policy: { requestsPerMinute: 5 } });
    const policy = KeyPolicy.parse({ models: ['gpt-4'] });
    expect(await store.change(customerId, keyId, { policy })).toMatchObject({ name: 'first', policy });
    expect(await handler().handle(`Bearer ${key}`)).toMatchObject({
      policy: { models: ['gpt-4'], requestsPerMinute: null },
    });
    const expiresAt = '2030-01-01T00:00:00Z';
    expect(await store.change(customerId, keyId, { expiresAt })).toMatchObject({ policy });
    expect(await store.change(customerId, keyId, { expiresAt: null, name: 'second' })).toMatchObject({
      ...{ name: 'second', expiresAt: null, policy },
    });
  });

  it('of a revoked key, or of another customer’s, is not changed', async () => {
    const { keyId, customerId } = await aKeyWith({});
    expect(await store.change(await aCustomer(), keyId, { name: 'mine' })).toBeUndefined();
    await store.revoke(customerId, keyId);
    expect(await store.change(customerId, keyId, { name: 'again' })).toBeUndefined();
    expect(await store.endedOf([keyId])).toEqual(new Set([keyId]));
  });

  it('does not let an address try more keys than it may, nor keep another address out', async () => {
    const access = handler(3);
    const { key } = await aKeyWith({});
    const trying = (address: string, text: string) =>
      withClientAddress(address, () => failure(access.handle(`Bearer ${text}`)));
    for (let at = 0; at < 3; at += 1) expect(await trying('a', 'sk-wrong')).toMatchObject({ status: 401 });
    expect(await trying('a', 'sk-wrong')).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
    expect(await trying('b', key)).toBeUndefined();
  });

  it('keeps no program out whose key was good, though another at its address has a key that is not', async () => {
    const access = handler(3);
    const [known, revoked, fresh] = [await aKeyWith({}), await aKeyWith({}), await aKeyWith({})];
    const trying = (text: string) => withClientAddress('a', () => failure(access.handle(`Bearer ${text}`)));
    expect([await trying(known.key), await trying(revoked.key)]).toEqual([undefined, undefined]);
    await store.revoke(revoked.customerId, revoked.keyId);
    await new Promise((resolve) => setTimeout(resolve, 1_010));
    for (let at = 0; at < 3; at += 1) expect(await trying(revoked.key)).toMatchObject({ status: 401 });
    expect(await trying(revoked.key)).toMatchObject({ status: 429 });
    expect(await trying(fresh.key)).toMatchObject({ status: 429 });
    expect(await trying(known.key)).toBeUndefined();
  });
});

describe('a key that may manage keys', () => {
  const soon = new Date(Date.now() + 3_600_000).toISOString();
  const later = new Date(Date.now() + 7_200_000).toISOString();
  /** The customer's door, and a key that knocks. */
  const withKey = async (wanted: object) => {
    const customerId = await aCustomer();
    const door = new OwnKeysController(
      new AuthenticateKeyHandler(store, pepper, new FailedKeys(1_000)),
      issue,
      store,
    );
    const key = await issue.handle(customerId, NewKey.parse(wanted));
    if (key === undefined) throw new Error('no key');
    return { customerId, door, keyId: key.keyId, bearer: `Bearer ${key.key}` };
  };
  const restricted = expect.objectContaining({
    details: expect.objectContaining({ status: 403, code: 'restricted_key' }),
  });

  it('and expires makes none that outlives it', async () => {
    const { door, bearer } = await withKey({ expiresAt: soon });
    for (const expiresAt of [null, later])
      await expect(door.issue(bearer, NewKey.parse({ expiresAt }))).rejects.toEqual(restricted);
    expect(await door.issue(bearer, NewKey.parse({ expiresAt: soon }))).toMatchObject({ status: 'active' });
  });

  it('and expires lengthens no life, its own neither', async () => {
    const { door, bearer, keyId } = await withKey({ expiresAt: soon });
    for (const expiresAt of [null, later])
      await expect(door.change(bearer, keyId, { expiresAt })).rejects.toEqual(restricted);
    expect(await door.change(bearer, keyId, { name: 'mine' })).toMatchObject({ name: 'mine' });
  });

  it('changes none that may do more than it may', async () => {
    const { customerId, door, bearer } = await withKey({ policy: { scopes: ['keys', 'read'] } });
    const { keyId } = await aKey(customerId);
    await expect(door.change(bearer, keyId, { expiresAt: later })).rejects.toEqual(restricted);
    await expect(door.change(bearer, 'key_none', { name: 'x' })).rejects.toMatchObject({
      details: { status: 404 },
    });
  });
});
