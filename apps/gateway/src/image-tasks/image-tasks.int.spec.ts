import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Database, messagingMigration, migrate } from '@app/persistence';
import { eventually, freshDatabase } from '@app/testing';
import {
  FakeHolds,
  FakeJournal,
  FakePrices,
  price,
  SystemClock,
  TestCounts,
} from '../../test/relay-harness.ts';
import type { Caller } from '../access/caller.ts';
import { noBudgets, unlimited } from '../access/key-policy.ts';
import { imageTasks } from '../endpoints/image-tasks.ts';
import type { PublishedPrice } from '../prices/price-list.ts';
import { CustomersAndKeys } from '../migrations/0002-customers-and-keys.ts';
import { KeyPolicies } from '../migrations/0003-key-policies.ts';
import { ImageTasks } from '../migrations/0004-image-tasks.ts';
import type { OpenAiError } from '../openai/openai-error.ts';
import { AdmitCallHandler, CallTimes } from '../relay/admit-call.handler.ts';
import { EndCallHandler, UpstreamErrorWaiver } from '../relay/end-call.handler.ts';
import { FinishCallHandler } from '../relay/finish-call.handler.ts';
import { HoldSlices } from '../relay/hold-amount.ts';
import { StartCallHandler } from '../relay/start-call.handler.ts';
import { AskModelHandler } from '../upstreams/ask-model.handler.ts';
import { HttpUpstream } from '../upstreams/upstream.client.ts';
import { singleRoute } from '../upstreams/upstream-routes.ts';
import { ImageTasksStore } from './image-tasks.store.ts';
import { SubmitTaskHandler } from './submit-task.handler.ts';
import { TaskTimes, WatchTasksJob } from './watch-tasks.job.ts';

/** A proxy of Midjourney, as far as it is asked here. */
const provider = {
  submission: { code: 1, result: 'mj-1' } as object,
  tasks: [] as object[],
  isAway: false,
  /** When its list of tasks is answered. */
  answersAt: Promise.resolve() as Promise<unknown>,
  asked: [] as { readonly path: string; readonly body: unknown }[],
};
const server: Server = createServer((request, response) => {
  let text = '';
  request.on('data', (piece: Buffer) => (text += piece.toString()));
  request.on('end', () => {
    const path = request.url ?? '';
    provider.asked.push({ path, body: JSON.parse(text) });
    if (provider.isAway) {
      response.destroy();
      return;
    }
    if (path.endsWith('/submit/imagine')) response.end(JSON.stringify(provider.submission));
    else void provider.answersAt.then(() => response.end(JSON.stringify(provider.tasks)));
  });
});

let database: Database;
let store: ImageTasksStore;
const journal = new FakeJournal();
const holds = new FakeHolds();
const upstream = new HttpUpstream({ headersTimeoutMs: 30_000, bodyTimeoutMs: 30_000 });
const watchers: WatchTasksJob[] = [];
const caller = {
  ...{
    customerId: 'cus_1',
    keyId: 'key_1',
    currency: 'CNY',
    rateCardId: 'standard',
    timeZone: 'Asia/Shanghai',
  },
  policy: unlimited,
  customerBudgets: noBudgets,
} as Caller;
/** How often calls were said to be over. */
let left = 0;
const leave = (): void => {
  left += 1;
};
const order = () => imageTasks.read({ model: 'midjourney', prompt: 'A lantern.', n: 4 });

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const options = { url: await freshDatabase('image tasks'), applicationName: 'gateway spec' };
  const migrations = [messagingMigration, CustomersAndKeys, KeyPolicies, ImageTasks];
  await migrate({ ...options, migrations });
  database = new Database(options);
  store = new ImageTasksStore(database);
});
afterAll(async () => {
  await Promise.all(watchers.map((watcher) => watcher.beforeApplicationShutdown()));
  await upstream.onApplicationShutdown();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await database.close();
});
beforeEach(() => {
  Object.assign(provider, { submission: { code: 1, result: 'mj-1' }, tasks: [], isAway: false, asked: [] });
  provider.answersAt = Promise.resolve();
  for (const list of [journal.starts, journal.ends, holds.placed, holds.released]) list.length = 0;
  holds.available = '50';
  left = 0;
});

/** A gateway whose calls may last so long. */
function aGateway(deadlineMs = 60_000, sold: Partial<PublishedPrice> = { unitPrices: { image: '0.2' } }) {
  const prices = new FakePrices();
  prices.prices.set('midjourney', { ...price('midjourney', {}), ...{ fallback: {}, limits: null }, ...sold });
  const clock = new SystemClock();
  const times = new CallTimes(deadlineMs, 90_000);
  const counts = new TestCounts();
  const ends = new EndCallHandler(counts, new UpstreamErrorWaiver(false));
  const finish = new FinishCallHandler(journal, clock);
  const watch = new WatchTasksJob(new TaskTimes(20), times, upstream, store, ends, finish);
  watchers.push(watch);
  watch.onApplicationBootstrap();
  const { port } = server.address() as AddressInfo;
  const models = new AskModelHandler(singleRoute(`http://127.0.0.1:${String(port)}`, 'mj-secret'), upstream);
  const admission = new AdmitCallHandler(prices, holds, clock, times, counts, new HoldSlices(16_384, /^$/));
  const starts = new StartCallHandler(journal, holds);
  return { watch, submit: new SubmitTaskHandler(admission, starts, models, finish, store, watch) };
}

const until = (taskId: string, status: string) =>
  eventually(
    () => store.find('cus_1', taskId),
    (task) => task?.status === status,
  );
/** The provider is asked once more. */
const untilAsked = () => {
  const count = provider.asked.length;
  return eventually(() => provider.asked.length > count);
};
const failure = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => (error as OpenAiError).details,
  );
const end = () => {
  expect(journal.ends).toHaveLength(1);
  return journal.ends[0]?.data.end;
};

describe('a picture that takes minutes', () => {
  it('is held for when it is ordered, and charged when it is there', async () => {
    const task = await aGateway().submit.handle(caller, order(), leave);
    expect(task).toMatchObject({ status: 'in_progress', imageUrl: null, cost: null });
    expect(holds.placed.map(({ amount }) => amount)).toEqual(['0.2']);
    expect(provider.asked[0]).toEqual({ path: '/mj/submit/imagine', body: { prompt: 'A lantern.' } });
    expect(journal.starts).toHaveLength(1);
    provider.tasks = [{ id: 'mj-1', status: 'IN_PROGRESS', progress: '40%' }];
    await untilAsked();
    await untilAsked();
    expect({ ends: journal.ends, left }).toEqual({ ends: [], left: 0 });
    provider.tasks = [{ id: 'mj-1', status: 'SUCCESS', imageUrl: 'https://pictures.example/1.png' }];
    expect(await until(task.taskId, 'succeeded')).toMatchObject({
      ...{ imageUrl: 'https://pictures.example/1.png', cost: '0.2', currency: 'CNY' },
      priceVersionId: 'prv_midjourney',
    });
    expect(end()).toMatchObject({ kind: 'usage', usage: { units: { image: 1 } }, charge: '0.2' });
    expect(journal.ends[0]?.data).toMatchObject({ endpoint: 'image-tasks', upstream: 'default' });
  });

  it('has no cost yet where it cannot be priced, for its call waits in quarantine', async () => {
    const byTokens = { rates: { input: '1', cached_input: '1', output_image: '2' } };
    const task = await aGateway(60_000, byTokens).submit.handle(caller, order(), leave);
    provider.tasks = [{ id: 'mj-1', status: 'SUCCESS', imageUrl: 'https://pictures.example/1.png' }];
    expect(await until(task.taskId, 'succeeded')).toMatchObject({ cost: null });
    expect(end()).toMatchObject({ kind: 'impossible' });
  });

  it('is never told to be there before its charge is on record', async () => {
    const release = Promise.withResolvers<undefined>();
    journal.onFinished = () => release.promise;
    const task = await aGateway().submit.handle(caller, order(), leave);
    provider.tasks = [{ id: 'mj-1', status: 'SUCCESS', imageUrl: 'https://pictures.example/1.png' }];
    await eventually(() => journal.ends.length > 0);
    expect(await store.find('cus_1', task.taskId)).toMatchObject({ status: 'in_progress' });
    release.resolve(undefined);
    journal.onFinished = () => Promise.resolve();
    await until(task.taskId, 'succeeded');
    end();
  });

  it.each([
    ['FAILURE', { id: 'mj-1', status: 'FAILURE', failReason: 'at 10.0.0.7' }],
    ['CANCEL', { id: 'mj-1', status: 'CANCEL' }],
    ['SUCCESS without a picture', { id: 'mj-1', status: 'SUCCESS', imageUrl: '' }],
  ])('costs nothing and gives its hold back where it fails: %s', async (_name, told) => {
    const task = await aGateway().submit.handle(caller, order(), leave);
    provider.tasks = [told];
    expect(await until(task.taskId, 'failed')).toMatchObject({ cost: '0', failure: 'upstream_failed' });
    expect(end()).toEqual({ kind: 'uncharged', reason: 'upstream_failed' });
  });

  it('costs nothing where it takes too long', async () => {
    const task = await aGateway(200).submit.handle(caller, order(), leave);
    provider.tasks = [{ id: 'mj-1', status: 'IN_PROGRESS' }];
    expect(await until(task.taskId, 'failed')).toMatchObject({ failure: 'upstream_timeout' });
    expect(end()).toEqual({ kind: 'uncharged', reason: 'upstream_timeout' });
  });

  it('is asked for again where its provider is away for a while', async () => {
    const task = await aGateway().submit.handle(caller, order(), leave);
    provider.isAway = true;
    await untilAsked();
    await untilAsked();
    Object.assign(provider, {
      isAway: false,
      tasks: [{ id: 'mj-1', status: 'SUCCESS', imageUrl: 'https://p.example' }],
    });
    await until(task.taskId, 'succeeded');
    expect(end()).toMatchObject({ charge: '0.2' });
  });

  it.each([
    [{ code: 24, description: 'banned' }, 400, 'moderated'],
    [{ code: 23, description: 'full' }, 503, 'upstream_rejected'],
    [{ code: 1 }, 503, 'upstream_rejected'],
  ])('costs nothing where its provider does not take it: %j', async (submission, status, reason) => {
    provider.submission = submission;
    expect(await failure(aGateway().submit.handle(caller, order(), leave))).toMatchObject({ status });
    expect(end()).toEqual({ kind: 'uncharged', reason });
    expect(left).toBe(1);
  });

  it('is not ordered where there is no money for it', async () => {
    holds.available = '0.19';
    expect(await failure(aGateway().submit.handle(caller, order(), leave))).toMatchObject({
      code: 'insufficient_quota',
    });
    expect(provider.asked).toEqual([]);
  });

  it('ends uncharged when its gateway stops, and is told as abandoned when its gateway dies', async () => {
    const stopping = aGateway();
    const task = await stopping.submit.handle(caller, order(), leave);
    await stopping.watch.beforeApplicationShutdown();
    expect(await store.find('cus_1', task.taskId)).toMatchObject({ status: 'failed', failure: 'abandoned' });
    expect(end()).toEqual({ kind: 'uncharged', reason: 'abandoned' });
    const draft = { taskId: 'imgtask_lost', callId: 'call_lost', model: 'midjourney', customerId: 'cus_1' };
    await store.insert({ ...draft, currency: 'CNY', priceVersionId: 'prv_1' });
    await database.query(
      `UPDATE image_task SET alive_until = clock_timestamp() WHERE task_id = 'imgtask_lost'`,
    );
    aGateway();
    expect(await until('imgtask_lost', 'failed')).toMatchObject({ failure: 'abandoned', cost: null });
  });

  it('ends once where its gateway stops while the provider tells that it is there', async () => {
    const stopping = aGateway();
    const task = await stopping.submit.handle(caller, order(), leave);
    const answer = Promise.withResolvers<undefined>();
    Object.assign(provider, {
      answersAt: answer.promise,
      tasks: [{ id: 'mj-1', status: 'SUCCESS', imageUrl: 'https://pictures.example/1.png' }],
    });
    await untilAsked();
    const stopped = stopping.watch.beforeApplicationShutdown();
    await new Promise((resolve) => setTimeout(resolve, 100));
    answer.resolve(undefined);
    await stopped;
    await until(task.taskId, 'succeeded');
    expect(end()).toMatchObject({ kind: 'usage', charge: '0.2' });
  });

  it('costs nothing once it was told as abandoned, though its gateway was only cut off for a while', async () => {
    const gateway = aGateway();
    const task = await gateway.submit.handle(caller, order(), leave);
    gateway.watch.onApplicationShutdown();
    aGateway();
    // It may have been about to say that it is alive when it was cut off.
    await eventually(async () => {
      await database.query(`UPDATE image_task SET alive_until = clock_timestamp() WHERE task_id = $1`, [
        task.taskId,
      ]);
      return (await store.find('cus_1', task.taskId))?.status === 'failed';
    });
    provider.tasks = [{ id: 'mj-1', status: 'SUCCESS', imageUrl: 'https://pictures.example/1.png' }];
    gateway.watch.onApplicationBootstrap();
    await eventually(() => journal.ends.length > 0);
    expect(end()).toEqual({ kind: 'uncharged', reason: 'abandoned' });
    expect(await store.find('cus_1', task.taskId)).toMatchObject({ status: 'failed', failure: 'abandoned' });
  });

  it('is nobody else’s', async () => {
    const task = await aGateway().submit.handle(caller, order(), leave);
    expect(await store.find('cus_2', task.taskId)).toBeUndefined();
  });
});
