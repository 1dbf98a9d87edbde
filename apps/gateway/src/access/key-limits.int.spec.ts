import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Database, messagingMigration, migrate } from '@app/persistence';
import { freshDatabase } from '@app/testing';
import { chatCompletions } from '../endpoints/chat-completions.ts';
import { CustomersAndKeys } from '../migrations/0002-customers-and-keys.ts';
import { KeyPolicies } from '../migrations/0003-key-policies.ts';
import { TokensGivenBack } from '../migrations/0008-tokens-given-back.ts';
import { LowestLevels } from '../migrations/0009-lowest-levels.ts';
import { OpenAiError } from '../openai/openai-error.ts';
import type { Caller } from './caller.ts';
import { KeyLimitsStore } from './key-limits.store.ts';
import { KeyPolicy } from './key-policy.ts';
import { LimitCallHandler, type Permit } from './limit-call.handler.ts';

/** Two gateways on one database. */
let databases: Database[];
let stores: KeyLimitsStore[];
let gateways: LimitCallHandler[];
let keys = 0;

beforeAll(async () => {
  const options = { url: await freshDatabase('key limits'), applicationName: 'gateway spec' };
  await migrate({
    ...options,
    migrations: [messagingMigration, CustomersAndKeys, KeyPolicies, TokensGivenBack, LowestLevels],
  });
  databases = [new Database(options), new Database(options)];
  stores = databases.map((database) => new KeyLimitsStore(database));
  gateways = stores.map((store) => new LimitCallHandler(store));
});
afterAll(() => Promise.all(databases.map((database) => database.close())));
afterEach(() => databases[0]?.query('DELETE FROM key_calls'));

const aCaller = (policy: object): Caller => {
  keys += 1;
  return { keyId: `key_${String(keys)}`, policy: KeyPolicy.parse(policy) } as Caller;
};
const request = (limit = 100) =>
  chatCompletions.read({
    model: 'gpt-5.5',
    max_completion_tokens: limit,
    messages: [{ role: 'user', content: 'Hello.' }],
  });
/** So many calls at once, half at each gateway. */
const calls = (caller: Caller, count: number, limit?: number) =>
  Promise.all(
    Array.from({ length: count }, (_none, at) =>
      (gateways[at % 2] as LimitCallHandler).handle(caller, request(limit)).catch((error: unknown) => error),
    ),
  );
const granted = (outcomes: readonly unknown[]) =>
  outcomes.filter((outcome): outcome is Permit => !(outcome instanceof Error));
const refused = (outcomes: readonly unknown[]) =>
  outcomes.filter((outcome) => outcome instanceof OpenAiError).map(({ details }) => details);
const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
/** Every end is counted. */
const ended = () => Promise.all(stores.map((store) => store.ended()));

describe('requests per minute', () => {
  it('are as many as the key may make, at two gateways together', async () => {
    const outcomes = await calls(aCaller({ requestsPerMinute: 10 }), 100);
    expect(granted(outcomes)).toHaveLength(10);
    expect(refused(outcomes)).toHaveLength(90);
    expect(refused(outcomes)[0]).toMatchObject({
      status: 429,
      type: 'requests',
      code: 'rate_limit_exceeded',
      message: expect.stringMatching(
        /requests per min \(RPM\): Limit 10, Used 10, Requested 1\. .* try again in \d+ms/,
      ),
      headers: { 'retry-after-ms': expect.stringMatching(/^\d+$/) },
    });
  });

  it('come back one by one, as the header says', async () => {
    const caller = aCaller({ requestsPerMinute: 120 });
    const [refusal] = refused(await calls(caller, 200));
    const waitMs = Number(refusal?.headers?.['retry-after-ms']);
    expect(waitMs).toBeLessThanOrEqual(500);
    await wait(waitMs + 20);
    expect(granted(await calls(caller, 1))).toHaveLength(1);
  });

  it('are told in OpenAI’s headers', async () => {
    const [permit] = granted(await calls(aCaller({ requestsPerMinute: 10, tokensPerMinute: 1_000 }), 1));
    expect(permit?.headers).toMatchObject({
      'x-ratelimit-limit-requests': '10',
      'x-ratelimit-remaining-requests': '9',
      'x-ratelimit-reset-requests': '6000ms',
      'x-ratelimit-limit-tokens': '1000',
    });
  });

  it('of one key are not those of another', async () => {
    await calls(aCaller({ requestsPerMinute: 1 }), 2);
    expect(granted(await calls(aCaller({ requestsPerMinute: 1 }), 1))).toHaveLength(1);
  });
});

describe('tokens per minute', () => {
  it('are taken for what a call may use, and given back for what it did not', async () => {
    const caller = aCaller({ tokensPerMinute: 1_000 });
    // Some 30 tokens in, and 400 out at most: two fit.
    const outcomes = await calls(caller, 3, 400);
    expect(granted(outcomes)).toHaveLength(2);
    expect(refused(outcomes)[0]).toMatchObject({ type: 'tokens', code: 'rate_limit_exceeded' });
    for (const permit of granted(outcomes)) permit.end(20);
    await ended();
    expect(granted(await calls(caller, 2, 400))).toHaveLength(2);
  });

  it('that were more than was said hold the next calls back', async () => {
    const caller = aCaller({ tokensPerMinute: 6_000 });
    granted(await calls(caller, 1, 100))[0]?.end(12_000);
    await ended();
    const [refusal] = refused(await calls(caller, 1, 100));
    // 6,000 too many at 100 a second.
    expect(Number(refusal?.headers?.['retry-after-ms'])).toBeGreaterThan(55_000);
  });

  it('are not given back twice: what flowed off while a call lasted is room already, and others have filled it', async () => {
    const caller = aCaller({ tokensPerMinute: 1_000 });
    const [long] = granted(await calls(caller, 1, 900));
    await goBy(caller, 60);
    // The rate is free again, and used up again.
    const [next] = granted(await calls(caller, 1, 900));
    expect(refused(await calls(caller, 1, 900))).toMatchObject([{ type: 'tokens' }]);
    long?.end(0);
    await ended();
    expect(refused(await calls(caller, 1, 900))).toMatchObject([{ type: 'tokens' }]);
    // The call that filled it gives it back.
    next?.end(0);
    await ended();
    expect(granted(await calls(caller, 1, 900))).toHaveLength(1);
  });

  it('that were given back by one call are not given back by another again', async () => {
    const caller = aCaller({ tokensPerMinute: 60_000 });
    const [first, second] = granted(await calls(caller, 2, 29_000));
    first?.end(0);
    await ended();
    await goBy(caller, 30);
    const [third] = granted(await calls(caller, 1, 59_000));
    second?.end(0);
    await ended();
    expect(refused(await calls(caller, 1, 29_000))).toMatchObject([{ type: 'tokens' }]);
    third?.end(0);
  });

  it('are given back by a call that began before one that ended first', async () => {
    const caller = aCaller({ tokensPerMinute: 1_000 });
    const [first] = granted(await calls(caller, 1, 400));
    const [second] = granted(await calls(caller, 1, 400));
    second?.end(0);
    await ended();
    first?.end(0);
    await ended();
    expect(granted(await calls(caller, 2, 400))).toHaveLength(2);
  });

  it('are used as if every call had taken from the first what it used in the end', () =>
    fc.assert(
      fc.asyncProperty(fc.array(aStep, { minLength: 1, maxLength: 40 }), async (steps) => {
        const { used, expected, slack } = await replayed(steps);
        expect(used).toBeGreaterThanOrEqual(expected - slack);
        expect(used).toBeLessThanOrEqual(expected + (2 * tokensPerMinute) / 64);
      }),
      { numRuns: 100 },
    ));

  const tokensPerMinute = 6_000;
  const aStep = fc.oneof(
    fc.record({ begin: fc.integer({ min: 1, max: 2_000 }) }),
    fc.record({ end: fc.nat(20), uses: fc.double({ min: 0, max: 1, noNaN: true }) }),
    fc.record({ wait: fc.integer({ min: 1, max: 40 }) }),
  );
  type Step = typeof aStep extends fc.Arbitrary<infer Value> ? Value : never;

  /** The steps at the store, and the same worked out from what each call used in the end. */
  async function replayed(steps: readonly Step[]) {
    const { keyId } = aCaller({});
    const [store] = stores as [KeyLimitsStore];
    const take = (tokens: number) =>
      store.take({ keyId, tokens, tokensPerMinute, requestsPerMinute: null, concurrentCalls: null });
    const history: { at: number; tokens: number; number: string; isOpen: boolean }[] = [];
    const begun = performance.now();
    let at = 0;
    for (const step of steps)
      if ('wait' in step) {
        at += step.wait;
        await goBy({ keyId }, step.wait);
      } else if ('begin' in step) {
        const { refused: why, number } = await take(step.begin);
        if (why === null) history.push({ at, tokens: step.begin, number, isOpen: true });
      } else {
        const open = history.filter(({ isOpen }) => isOpen);
        const call = open[step.end % open.length];
        if (call === undefined) continue;
        const tokensMore = Math.round(call.tokens * step.uses) - call.tokens;
        store.end({ keyId, number: call.number, tokensMore, tokensPerMinute, wasCounted: false });
        await store.ended();
        call.tokens += tokensMore;
        call.isOpen = false;
      }
    const { tokensUsed: used } = await take(0);
    let expected = 0;
    let last = 0;
    for (const call of [...history, { at, tokens: 0 }]) {
      expected = Math.max(0, expected - ((call.at - last) * tokensPerMinute) / 60) + call.tokens;
      last = call.at;
    }
    return { used, expected, slack: ((performance.now() - begun) * tokensPerMinute) / 60_000 + 1 };
  }

  /** So many seconds go by for what the key has used. */
  const goBy = ({ keyId }: Pick<Caller, 'keyId'>, seconds: number) =>
    databases[0]?.query(
      `UPDATE key_level SET changed_at = changed_at - make_interval(secs => $2) WHERE key_id = $1`,
      [keyId, seconds],
    );
  it('let a call go that is larger than the rate, once nothing else is used', async () => {
    const caller = aCaller({ tokensPerMinute: 500 });
    expect(granted(await calls(caller, 2, 100_000))).toHaveLength(1);
  });
});

describe('concurrent calls', () => {
  it('are as many as the key may have, at two gateways together, and free again at their end', async () => {
    const caller = aCaller({ concurrentCalls: 3 });
    const outcomes = await calls(caller, 20);
    expect(granted(outcomes)).toHaveLength(3);
    expect(refused(outcomes)[0]?.message).toContain('concurrent calls: Limit 3');
    granted(outcomes)[0]?.end(0);
    await ended();
    expect(granted(await calls(caller, 20))).toHaveLength(1);
  });

  it('of a gateway that is gone are free again', async () => {
    const caller = aCaller({ concurrentCalls: 2 });
    await calls(caller, 2);
    expect(granted(await calls(caller, 1))).toHaveLength(0);
    await databases[0]?.query(`UPDATE key_calls SET alive_until = clock_timestamp() WHERE key_id = $1`, [
      caller.keyId,
    ]);
    expect(granted(await calls(caller, 5))).toHaveLength(2);
  });

  it('are confirmed without waiting for calls that begin, which lock their keys in another order', async () => {
    const [database] = databases;
    const [store] = stores;
    const [late, early] = ['key_z', 'key_a'];
    const taken = (keyId: string) =>
      ({ keyId, requestsPerMinute: null, tokensPerMinute: null, concurrentCalls: 9, tokens: 1 }) as const;
    await store?.take(taken(late));
    await store?.take(taken(early));
    await database?.transaction(async (tx) => {
      const lock = 'SELECT FROM key_calls WHERE key_id = $1 FOR UPDATE';
      await tx.query(lock, [early]);
      const alive = store?.stayAlive();
      await wait(200);
      await tx.query(lock, [late]);
      await alive;
    });
  });

  it('survive any order of beginnings and ends without a leak', async () => {
    const caller = aCaller({ concurrentCalls: 5, requestsPerMinute: 1_000_000 });
    for (let round = 0; round < 20; round += 1)
      for (const permit of granted(await calls(caller, 10))) permit.end(0);
    await ended();
    expect(granted(await calls(caller, 10))).toHaveLength(5);
  });
});

describe('a key without limits', () => {
  it('asks nobody', async () => {
    const store = { take: () => Promise.reject(new Error('asked')) } as unknown as KeyLimitsStore;
    expect(await new LimitCallHandler(store).handle(aCaller({}), request())).toMatchObject({ headers: {} });
  });

  it('may still be kept to some models', async () => {
    const caller = aCaller({ models: ['gpt-4'] });
    expect(refused(await calls(caller, 1))).toMatchObject([{ status: 403, code: 'model_not_found' }]);
  });
});
