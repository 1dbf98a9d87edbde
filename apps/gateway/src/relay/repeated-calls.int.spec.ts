import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { Database, messagingMigration, migrate, newId } from '@app/persistence';
import { eventually, freshDatabase } from '@app/testing';
import { chatCompletions } from '../endpoints/chat-completions.ts';
import { CustomersAndKeys } from '../migrations/0002-customers-and-keys.ts';
import { KeyPolicies } from '../migrations/0003-key-policies.ts';
import { RepeatedCalls } from '../migrations/0007-repeated-calls.ts';
import { CallTimes } from './admit-call.handler.ts';
import { AnswerOnceHandler } from './answer-once.handler.ts';
import type { RelayedAnswer } from './relay-call.handler.ts';
import { RepeatedCallsStore } from './repeated-calls.store.ts';

let database: Database;
/** Two replicas on one database. */
let replicas: readonly AnswerOnceHandler[];
let made = 0;

beforeAll(async () => {
  const options = { url: await freshDatabase('repeated calls'), applicationName: 'gateway spec' };
  await migrate({
    ...options,
    migrations: [messagingMigration, CustomersAndKeys, KeyPolicies, RepeatedCalls],
  });
  database = new Database(options);
  const times = new CallTimes(60_000, 90_000);
  replicas = [0, 1].map(() => new AnswerOnceHandler(new RepeatedCallsStore(database), times));
  await database.query(
    `INSERT INTO customer (customer_id, name, plan_code, plan_credits, plan_amount, currency, rate_card_id, time_zone, status, version)
     VALUES ('cus_1', 'Aurora', 'usd-credit', '1', '7.14', 'CNY', 'standard', 'Asia/Shanghai', 'active', 1)`,
  );
  for (const keyId of ['key_1', 'key_2'])
    await database.query(
      `INSERT INTO api_key (key_id, customer_id, name, hash, display_prefix, last_four, status, version)
       VALUES ($1, 'cus_1', 'a key', $2, 'sk-4fG7', 'aaaa', 'active', 1)`,
      [keyId, createHash('sha256').update(keyId).digest()],
    );
});
afterAll(() => database.close());

const ask = (
  replica: number,
  { name = '', content = 'Hello.', keyId = 'key_1' },
  call: () => Promise<RelayedAnswer> = answers,
) => {
  const request = chatCompletions.read({ model: 'gpt-5.5', messages: [{ role: 'user', content }] });
  const handler = replicas[replica];
  if (handler === undefined) throw new Error('no such replica');
  return handler.handle({ keyId, idempotencyKey: name, request }, call);
};
/** A call that is charged. */
function answers(): Promise<RelayedAnswer> {
  made += 1;
  const callId = `call_${String(made)}`;
  return Promise.resolve({ callId, body: { id: callId, usage: { cost: '0.0195' } }, tokens: 38 });
}
const isKnown = async (name: string) =>
  (await database.query('SELECT FROM repeated_call WHERE idempotency_key = $1', [name])).length > 0;
const age = (name: string, interval: string) =>
  database.query(`UPDATE repeated_call SET begun_at = begun_at - $2::interval WHERE idempotency_key = $1`, [
    name,
    interval,
  ]);

describe('a call that its client named', () => {
  it('is made once, and answered the same whenever it is asked again, by any replica', async () => {
    const name = newId('idem');
    const first = await ask(0, { name });
    expect(first.isRepeated).toBe(false);
    const calls = made;
    for (const replica of [0, 1])
      expect(await ask(replica, { name })).toEqual({ ...first, tokens: 0, isRepeated: true });
    expect(made).toBe(calls);
  });

  it('is another request’s name for nobody but its own key', async () => {
    const name = newId('idem');
    await ask(0, { name });
    await expect(ask(1, { name, content: 'Something else.' })).rejects.toMatchObject({
      details: { status: 409, code: 'idempotency_key_reused', headers: { 'x-should-retry': 'false' } },
    });
    expect(await ask(1, { name, content: 'Something else.', keyId: 'key_2' })).toMatchObject({
      isRepeated: false,
    });
  });

  it('is made once by twenty who ask at the same time; the others are told to wait', async () => {
    const name = newId('idem');
    const calls = made;
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        ask(index % 2, { name }, async () => {
          await new Promise((resolve) => setTimeout(resolve, 50));
          return answers();
        }),
      ),
    );
    expect(made).toBe(calls + 1);
    for (const one of outcomes)
      if (one.status === 'rejected')
        expect(one.reason).toMatchObject({ details: { status: 409, code: 'idempotency_key_in_use' } });
    expect(await ask(0, { name })).toMatchObject({ isRepeated: true });
  });

  it('that failed was nothing: repeated, it is a new call', async () => {
    const name = newId('idem');
    await expect(ask(0, { name }, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await ask(1, { name })).toMatchObject({ isRepeated: false });
  });

  it('whose gateway died is taken on anew once it must have ended, and a late answer of the dead changes nothing', async () => {
    const name = newId('idem');
    const late = Promise.withResolvers<RelayedAnswer>();
    const lost = ask(0, { name }, () => late.promise);
    await eventually(() => isKnown(name));
    await expect(ask(1, { name })).rejects.toMatchObject({ details: { code: 'idempotency_key_in_use' } });
    await age(name, '67 seconds'); // A tenth more than the deadline of a call.
    const anew = await ask(1, { name });
    expect(anew.isRepeated).toBe(false);
    late.resolve({ callId: 'call_late', body: {}, tokens: 1 });
    await lost;
    expect(await ask(0, { name })).toMatchObject({ callId: anew.callId, isRepeated: true });
  });

  it('is forgotten after a day', async () => {
    const name = newId('idem');
    await ask(0, { name });
    await age(name, '24 hours 1 second');
    await new RepeatedCallsStore(database).forgetOld();
    expect(await isKnown(name)).toBe(false);
    expect(await ask(1, { name, content: 'Something else.' })).toMatchObject({ isRepeated: false });
  });
});
