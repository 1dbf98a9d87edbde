import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Database, messagingMigration, migrate, newId, Outbox, OutboxSignal } from '@app/persistence';
import { eventually, freshDatabase } from '@app/testing';
import OpenAI from 'openai';
import { WebhookReceiver } from '../../test/webhook-receiver.ts';
import { KeyPepper } from '../access/issue-key.handler.ts';
import { Clock, later } from '../clock.ts';
import { CreateCustomerHandler } from '../customers/create-customer.handler.ts';
import { CustomersStore } from '../customers/customers.store.ts';
import { CustomersAndKeys } from '../migrations/0002-customers-and-keys.ts';
import { KeyPolicies } from '../migrations/0003-key-policies.ts';
import { ImageTasks } from '../migrations/0004-image-tasks.ts';
import { Webhooks } from '../migrations/0005-webhooks.ts';
import { CustomerBudgets } from '../migrations/0006-customer-budgets.ts';
import { lookupPublic, NoPublicAddress } from '../upstreams/public-address.ts';
import { DeliveriesStore } from './deliveries.store.ts';
import { DueDeliveriesStore } from './due-deliveries.store.ts';
import { type Notice, noticeOf } from './notice.ts';
import { attemptsMax } from './retry-schedule.ts';
import { SendWebhooksJob } from './send-webhooks.job.ts';
import { WebhookClient, WebhookTimes } from './webhook.client.ts';
import { WebhookReach } from './webhook-url.ts';
import { webhookSecret } from './webhook-signature.ts';
import { endpointsMax, WebhooksStore } from './webhooks.store.ts';

/** A clock that goes on only where a test says so. */
class StoppedClock extends Clock {
  instant = '2026-11-22T08:00:00.000000Z';

  now(): string {
    return this.instant;
  }

  pass(milliseconds: number): void {
    this.instant = later(this.instant, milliseconds);
  }
}

const day = 86_400_000;
/** The longest attempt of a sender that is patient, and of one that is not. */
const [attemptMs, shortMs] = [30_000, 2_000];
const pepper = new KeyPepper('a pepper of at least thirty-two characters');
const clock = new StoppedClock();
const receiver = new WebhookReceiver();
const jobs: SendWebhooksJob[] = [];
const clients: WebhookClient[] = [];
let database: Database;
let webhooks: WebhooksStore;
let deliveries: DeliveriesStore;
let customers: CreateCustomerHandler;

beforeAll(async () => {
  await receiver.start();
  const options = { url: await freshDatabase('webhooks'), applicationName: 'gateway spec' };
  const migrations = [
    messagingMigration,
    CustomersAndKeys,
    KeyPolicies,
    ImageTasks,
    Webhooks,
    CustomerBudgets,
  ];
  await migrate({ ...options, migrations });
  database = new Database(options);
  webhooks = new WebhooksStore(database);
  deliveries = new DeliveriesStore(database);
  customers = new CreateCustomerHandler(new CustomersStore(database, new Outbox(new OutboxSignal())));
});
afterAll(async () => {
  await Promise.all(jobs.map((job) => job.beforeApplicationShutdown()));
  await Promise.all(clients.map((client) => client.onApplicationShutdown()));
  await receiver.stop();
  await database.close();
});
beforeEach(async () => {
  receiver.reset();
  await database.query(`UPDATE webhook_endpoint SET status = 'deleted', disabled_reason = NULL`);
});

/** A process that sends; `onlyPublic` as in production. */
function aSender({ onlyPublic = false, patienceMs = attemptMs } = {}): SendWebhooksJob {
  const times = new WebhookTimes(patienceMs);
  const client = new WebhookClient(new WebhookReach(!onlyPublic), times);
  const job = new SendWebhooksJob(new DueDeliveriesStore(database), client, clock, times, pepper);
  clients.push(client);
  jobs.push(job);
  return job;
}
const send = async (...senders: SendWebhooksJob[]) => {
  await Promise.all(senders.map((sender) => sender.round()));
  await Promise.all(senders.map((sender) => sender.settled()));
};

async function aCustomer(): Promise<string> {
  const wanted = { name: 'Aurora', plan: 'usd-credit', currency: 'CNY', rateCardId: 'standard' } as const;
  const creation = await customers.handle({ ...wanted, timeZone: 'Asia/Shanghai' }, undefined);
  if (creation.outcome === 'conflict') throw new Error('conflict');
  return creation.customer.customerId;
}
async function anEndpoint({ url = `${receiver.url}/hook`, customerId = '' } = {}) {
  const draft = {
    ...{ endpointId: newId('whk'), customerId: customerId || (await aCustomer()), url, description: '' },
    ...{ events: ['balance.low' as const], createdAt: clock.now() },
  };
  await webhooks.insert(draft);
  const { endpointId } = draft;
  return { customerId: draft.customerId, endpointId };
}
type Owner = Awaited<ReturnType<typeof anEndpoint>>;

const low = ({ customerId }: Pick<Owner, 'customerId'>, fact: string): Notice =>
  noticeOf({ customerId, type: 'balance.low', at: clock.now(), data: { threshold: '10' } }, fact);
const tell = (...notices: Notice[]) =>
  database.transaction((tx) => deliveries.record(tx, notices, clock.now()));
const logOf = (owner: Owner) => deliveries.log(owner, { limit: 50, after: '' });
const statusOf = async (owner: Owner) => (await webhooks.find(owner.customerId, owner.endpointId))?.status;

describe('an event', () => {
  it('comes once, signed, with its body as it was recorded', async () => {
    const owner = await anEndpoint();
    const notice = low(owner, '1');
    await tell(notice);
    await tell(notice, notice);
    await send(aSender());
    await send(aSender());
    expect(receiver.received).toHaveLength(1);
    const [{ path, headers, body } = { path: '', headers: {}, body: '' }] = receiver.received;
    expect(path).toBe('/hook');
    expect(headers).toMatchObject({ 'webhook-id': notice.eventId, 'content-type': 'application/json' });
    expect(JSON.parse(body)).toEqual({
      type: 'balance.low',
      timestamp: notice.at,
      data: { threshold: '10' },
    });
    const secret = webhookSecret(pepper.text, owner.endpointId, 1);
    const openai = new OpenAI({ apiKey: 'sk-none' });
    const texts = Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, String(text)]));
    await openai.webhooks.verifySignature(body, texts, secret, 100 * 365 * 86_400);
    expect(await logOf(owner)).toMatchObject([
      { status: 'delivered', attempts: 1, responseStatus: 204, failure: null, nextAttemptAt: null },
    ]);
  });

  it('goes to every endpoint of its customer that wants it, and to no other customer’s', async () => {
    const one = await anEndpoint();
    const two = await anEndpoint({ customerId: one.customerId });
    const other = await anEndpoint();
    await tell(low(one, '1'), noticeOf({ ...low(one, '1'), type: 'refund.completed' }, '2'));
    await send(aSender());
    expect([await logOf(one), await logOf(two), await logOf(other)].map(({ length }) => length)).toEqual([
      1, 1, 0,
    ]);
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  it('is not told where it happened before the endpoint was there, or long ago', async () => {
    const customerId = await aCustomer();
    const before = low({ customerId }, '1');
    clock.pass(1);
    const owner = await anEndpoint({ customerId });
    const old = low(owner, '2');
    await tell(before);
    clock.pass(3 * day);
    await tell(old);
    expect(await logOf(owner)).toEqual([]);
  });
});

describe('a receiver that', () => {
  it.each([
    ['fails', (response) => response.writeHead(500).end('no'), 500, 'answered'],
    ['redirects', (response) => response.writeHead(302, { location: '/elsewhere' }).end(), 302, 'answered'],
    ['hangs', () => undefined, null, 'timed_out'],
    ['sends headers and then nothing', (response) => response.writeHead(200).write('x'), null, 'timed_out'],
    ['breaks off', (response) => response.destroy(), null, 'unreachable'],
  ] satisfies [string, (response: Parameters<WebhookReceiver['answer']>[0]) => unknown, unknown, string][])(
    '%s at first gets the event again, later, under the same id and freshly signed',
    async (_name, answer, responseStatus, failure) => {
      const owner = await anEndpoint();
      const sender = aSender();
      await tell(low(owner, '1'));
      receiver.answer = answer;
      await send(failure === 'timed_out' ? aSender({ patienceMs: shortMs }) : sender);
      expect(await logOf(owner)).toMatchObject([{ status: 'pending', attempts: 1, responseStatus, failure }]);
      receiver.answer = (response) => response.writeHead(200).end('ok');
      clock.pass(4_999);
      await send(sender);
      expect(receiver.received).toHaveLength(1);
      clock.pass(1_000);
      await send(sender);
      const [first, second, ...more] = receiver.received;
      expect([second?.path, more]).toEqual(['/hook', []]);
      expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
      expect(second?.headers['webhook-signature']).not.toBe(first?.headers['webhook-signature']);
      expect(await logOf(owner)).toMatchObject([{ status: 'delivered', attempts: 2, responseStatus: 200 }]);
      expect(await webhooks.find(owner.customerId, owner.endpointId)).toMatchObject({ failingSince: null });
    },
  );

  it('sends an endless answer is not read to its end', async () => {
    const owner = await anEndpoint();
    await tell(low(owner, '1'));
    let written = 0;
    receiver.answer = (response) => {
      response.writeHead(200);
      const more = setInterval(() => (written += response.write('x'.repeat(65_536)) ? 65_536 : 0), 1);
      response.on('close', () => {
        clearInterval(more);
      });
    };
    await send(aSender());
    expect((await logOf(owner))[0]?.status).toBe('delivered');
    expect(written).toBeLessThan(4 * 1_024 * 1_024);
  });

  it('is away for days is tried as the schedule says, and then its endpoint is disabled', async () => {
    const owner = await anEndpoint();
    const sender = aSender();
    await tell(low(owner, '1'));
    receiver.answer = (response) => response.writeHead(503).end();
    for (let attempt = 1; attempt < attemptsMax; attempt += 1) {
      await send(sender);
      const [delivery] = await logOf(owner);
      expect(delivery).toMatchObject({ status: 'pending', attempts: attempt });
      clock.instant = delivery?.nextAttemptAt ?? '';
    }
    await tell(low(owner, '2'));
    expect(await statusOf(owner)).toBe('enabled');
    await send(sender);
    expect(await webhooks.find(owner.customerId, owner.endpointId)).toMatchObject({
      ...{ status: 'disabled', disabledReason: 'failing' },
    });
    expect((await logOf(owner)).map(({ status }) => status)).toEqual(['failed', 'failed']);
    // Nothing is recorded for it meanwhile, and enabled again it begins anew.
    await tell(low(owner, '3'));
    expect(await logOf(owner)).toHaveLength(2);
    await webhooks.change(owner.customerId, owner.endpointId, { status: 'enabled' });
    await tell(low(owner, '4'));
    await send(sender);
    expect(await statusOf(owner)).toBe('enabled');
  });

  it('says that it is gone is left alone at once', async () => {
    const owner = await anEndpoint();
    await tell(low(owner, '1'));
    receiver.answer = (response) => response.writeHead(410).end();
    await send(aSender());
    expect(await webhooks.find(owner.customerId, owner.endpointId)).toMatchObject({ disabledReason: 'gone' });
    expect(await logOf(owner)).toMatchObject([
      { status: 'failed', responseStatus: 410, failure: 'answered' },
    ]);
  });

  it('hangs delays nobody else', async () => {
    const [hanging, quick] = [await anEndpoint({ url: `${receiver.url}/hangs` }), await anEndpoint()];
    await tell(...Array.from({ length: 100 }, (_, at) => low(hanging, String(at))), low(quick, 'quick'));
    const hangs: (() => void)[] = [];
    receiver.answer = (response, { path }) => {
      if (path === '/hangs') hangs.push(() => response.destroy());
      else response.writeHead(204).end();
    };
    const sender = aSender();
    await sender.round();
    await eventually(async () => (await logOf(quick))[0]?.status === 'delivered');
    expect(receiver.received.filter(({ path }) => path === '/hook')).toHaveLength(1);
    await eventually(() => hangs.length === 4);
    await sender.round();
    expect(hangs).toHaveLength(4);
    for (const end of hangs) end();
    await sender.settled();
  });
});

describe('two replicas', () => {
  it('share what is due, and send nothing twice', async () => {
    const owners = await Promise.all(Array.from({ length: 8 }, () => anEndpoint()));
    await tell(...owners.flatMap((owner) => ['a', 'b', 'c', 'd'].map((fact) => low(owner, fact))));
    const senders = [aSender(), aSender(), aSender()];
    for (let round = 0; round < 4; round += 1) await send(...senders);
    const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect([ids.length, new Set(ids).size]).toEqual([32, 32]);
  });

  it('do not send at once what one of them is at; what a dead one was at is sent by the other after its lease', async () => {
    const owner = await anEndpoint();
    await tell(low(owner, '1'));
    // A process that claimed and was killed: it never says how it went.
    await new DueDeliveriesStore(database).claim({
      ...{ now: clock.now(), leaseUntil: later(clock.now(), 15_300), limit: 9, perEndpoint: 4, busy: [] },
    });
    const other = aSender();
    await send(other);
    clock.pass(15_299);
    await send(other);
    expect(receiver.received).toEqual([]);
    clock.pass(1);
    await send(other);
    expect(receiver.received).toHaveLength(1);
    expect(await logOf(owner)).toMatchObject([{ status: 'delivered', attempts: 2 }]);
  });

  it('believe the one that tried last: an answer after the lease changes nothing', async () => {
    const owner = await anEndpoint();
    await tell(low(owner, '1'));
    const due = new DueDeliveriesStore(database);
    const lease = { limit: 9, perEndpoint: 4, busy: [] };
    const [slow] = await due.claim({ now: clock.now(), leaseUntil: later(clock.now(), 1_000), ...lease });
    clock.pass(1_000);
    await send(aSender());
    if (slow === undefined) throw new Error('nothing was claimed');
    const late = { responseStatus: 500, failure: 'answered', nextAttemptAt: clock.now() };
    await due.end(slow, { at: clock.now(), ...late });
    expect(await logOf(owner)).toMatchObject([{ status: 'delivered', responseStatus: 204 }]);
  });
});

describe('the way out', () => {
  it.each(['http://127.0.0.1:1/', 'https://127.0.0.1:1/', 'https://localhost:1/', 'https://[::1]:1/'])(
    'leads nowhere for %s, which somebody put into the database',
    async (url) => {
      const owner = await anEndpoint({ url });
      await tell(low(owner, '1'));
      await send(aSender({ onlyPublic: true }));
      expect(await logOf(owner)).toMatchObject([{ failure: 'forbidden_address', responseStatus: null }]);
    },
  );

  it('leads nowhere for a name that points to us when it is connected to', async () => {
    const connected = new Promise((resolve) => {
      lookupPublic('localhost', {}, resolve);
    });
    expect(await connected).toBeInstanceOf(NoPublicAddress);
  });
});

describe('the customer', () => {
  it('sends again by hand what has ended, under the same id', async () => {
    const owner = await anEndpoint();
    await tell(low(owner, '1'));
    const [waiting] = await logOf(owner);
    const again = (deliveryId = '') => deliveries.redeliver(owner, deliveryId, clock.now());
    expect(await again(waiting?.deliveryId)).toBeUndefined();
    await send(aSender());
    expect(await again(waiting?.deliveryId)).toMatchObject({ status: 'pending', attempts: 0 });
    await send(aSender());
    const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect([ids.length, new Set(ids).size]).toEqual([2, 1]);
  });

  it('reaches nothing of another customer', async () => {
    const owner = await anEndpoint();
    await tell(low(owner, '1'));
    await send(aSender());
    const [delivery] = await logOf(owner);
    const stranger = { customerId: await aCustomer(), endpointId: owner.endpointId };
    expect(await webhooks.find(stranger.customerId, owner.endpointId)).toBeUndefined();
    expect(
      await webhooks.change(stranger.customerId, owner.endpointId, { url: 'https://x.example' }),
    ).toBeUndefined();
    expect(await webhooks.rotateSecret(stranger.customerId, owner.endpointId, clock.now())).toBeUndefined();
    expect(await webhooks.delete(stranger.customerId, owner.endpointId)).toBe(false);
    expect(await logOf(stranger)).toEqual([]);
    expect(await deliveries.redeliver(stranger, delivery?.deliveryId ?? '', clock.now())).toBeUndefined();
    expect(await deliveries.recordAt(stranger, low(stranger, '2'), clock.now())).toBeUndefined();
  });

  it('has so many endpoints at most, also when many are added at once', async () => {
    const customerId = await aCustomer();
    await Promise.all(Array.from({ length: endpointsMax + 5 }, () => anEndpoint({ customerId })));
    expect(await webhooks.listOf(customerId)).toHaveLength(endpointsMax);
  });

  it('gets nothing more at an endpoint that is deleted or disabled', async () => {
    const [deleted, off] = [await anEndpoint(), await anEndpoint()];
    await tell(low(deleted, '1'), low(off, '1'));
    expect(await webhooks.delete(deleted.customerId, deleted.endpointId)).toBe(true);
    await webhooks.change(off.customerId, off.endpointId, { status: 'disabled' });
    await send(aSender());
    expect(receiver.received).toEqual([]);
    expect(await logOf(off)).toMatchObject([{ status: 'failed', failure: 'disabled' }]);
    expect(await webhooks.find(deleted.customerId, deleted.endpointId)).toBeUndefined();
  });

  it('pages through the log, newest first', async () => {
    const owner = await anEndpoint();
    for (const fact of ['1', '2', '3']) {
      clock.pass(1);
      await tell(low(owner, fact));
    }
    const all = (await logOf(owner)).map(({ deliveryId }) => deliveryId);
    const page = await deliveries.log(owner, { limit: 2, after: all[0] ?? '' });
    expect(page.map(({ deliveryId }) => deliveryId)).toEqual(all.slice(1));
  });

  it('keeps the thresholds that stay, and when they were set', async () => {
    const { customerId } = await anEndpoint();
    await webhooks.setThresholds(customerId, ['10', '0.5'], clock.now());
    const first = clock.now();
    clock.pass(1_000);
    await webhooks.setThresholds(customerId, ['100', '10', '10'], clock.now());
    expect(await webhooks.thresholdsOf(customerId)).toEqual(['100', '10']);
    const watched = await database.transaction((tx) => deliveries.watched(tx, [customerId, 'cus_none']));
    expect([...watched.keys()]).toEqual([customerId]);
    const since = watched.get(customerId)?.find(({ threshold }) => threshold === '10')?.since ?? '';
    expect(Date.parse(since)).toBe(Date.parse(first));
  });

  it('finds the log of thirty days, and what is older is removed', async () => {
    const owner = await anEndpoint();
    await tell(low(owner, '1'));
    const sender = aSender();
    await send(sender);
    clock.pass(30 * day);
    await send(sender);
    expect(await logOf(owner)).toHaveLength(1);
    clock.pass(1);
    await send(sender);
    expect(await logOf(owner)).toEqual([]);
  });
});
