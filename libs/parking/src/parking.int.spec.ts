import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { encodeEvent, type Event, topics, TopUpSettled } from '@app/contracts';
import { ConsumesBatch, type EventBatch, EventLog, KafkaModule } from '@app/kafka';
import {
  Database,
  Inbox,
  messagingMigration,
  newId,
  PersistenceModule,
  Unprocessable,
} from '@app/persistence';
import { eventually, freshDatabase, startIdentity, testServers, topicPrefix } from '@app/testing';
import { startService } from '@app/transport';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { addParkedDeeds } from './parked-tables.store.ts';
import { ParkingModule } from './parking.module.ts';

/** What was credited, not idempotent by itself; and what stands against an event, until somebody mends it. */
class SpecTables implements MigrationInterface {
  readonly name = 'SpecTables0000000000002';

  async up(runner: QueryRunner): Promise<void> {
    await addParkedDeeds(runner);
    await runner.query('CREATE TABLE credit (customer_id text PRIMARY KEY, n integer NOT NULL)');
    await runner.query(
      'CREATE TABLE trouble (event_id text PRIMARY KEY, passes boolean NOT NULL, reason text NOT NULL)',
    );
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}

@Controller()
class CreditsConsumer {
  constructor(private readonly inbox: Inbox) {}

  @ConsumesBatch(topics.topUps)
  read(batch: EventBatch): Promise<void> {
    return this.inbox.apply(batch, async (tx, fresh) => {
      const [trouble] = await tx.query<{ passes: boolean; reason: string }>(
        'SELECT passes, reason FROM trouble WHERE event_id = ANY($1)',
        [fresh.map(({ id }) => id)],
      );
      if (trouble?.passes === true) throw new Error(trouble.reason);
      if (trouble !== undefined) throw new Unprocessable('trouble', trouble.reason);
      await tx.query(
        `INSERT INTO credit AS c SELECT subject, count(*) FROM unnest($1::text[]) AS row (subject) GROUP BY subject
         ON CONFLICT (customer_id) DO UPDATE SET n = c.n + excluded.n`,
        [fresh.map(({ subject }) => subject)],
      );
    });
  }
}

type Answer = Readonly<{ status: number; body: Record<string, unknown> }>;
interface Person {
  readonly subject: string;
  readonly scope: string;
}
const mei: Person = { subject: 'mei', scope: 'messages:read messages:drive' };
const chen: Person = { subject: 'chen', scope: 'messages:read messages:approve' };

let identity: Awaited<ReturnType<typeof startIdentity>>;
let replicas: readonly [NestFastifyApplication, NestFastifyApplication];

beforeAll(async () => {
  identity = await startIdentity();
  Object.assign(process.env, {
    OIDC_ISSUER: identity.issuer,
    SERVICE_CLIENT_ID: 'spec',
    SERVICE_CLIENT_SECRET: 'secret',
    LOG_LEVEL: 'silent',
  });
  const [url, prefix] = [await freshDatabase('parking'), topicPrefix()];
  replicas = [await started(url, prefix), await started(url, prefix)];
}, 60_000);
afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.close()));
  await identity.close();
  for (const signal of ['SIGTERM', 'SIGINT', 'unhandledRejection']) process.removeAllListeners(signal);
}, 30_000);

function started(url: string, prefix: string): Promise<NestFastifyApplication> {
  const kafka = { brokers: testServers().kafkaBrokers.split(','), topicPrefix: prefix };
  @Module({
    imports: [
      KafkaModule.forRoot({ ...kafka, clientId: 'spec', groupId: 'spec', partitions: 2 }),
      PersistenceModule.forRoot({
        url,
        migrations: [messagingMigration, SpecTables],
        applicationName: 'spec',
      }),
      ParkingModule,
    ],
    controllers: [CreditsConsumer],
  })
  class SpecModule {}
  return startService({ name: 'spec', module: SpecModule, httpPort: 0, title: 'spec', description: 'spec' });
}

const database = () => replicas[0].get(Database, { strict: false });

async function ask(path: string, by: Person, body?: object, replica = replicas[0]): Promise<Answer> {
  const response = await fetch(`${await replica.getUrl()}/v1/admin/parked-messages${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${await identity.token(by.scope, by.subject)}`,
      'content-type': 'application/json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const drive = (id: string, replica = replicas[0]): Promise<Answer> => ask(`/${id}/drive`, mei, {}, replica);
const look = async (id: string) => (await ask(`/${id}`, chen)).body;
const listed = async (query: string) => (await ask(query, chen)).body['messages'] as Record<string, string>[];

const anEvent = (id: string, subject: string): Event => ({
  ...TopUpSettled.sample,
  ...{ id, subject },
  data: { ...TopUpSettled.sample.data, customerId: subject },
});

const publish = (...events: Event[]): Promise<void> =>
  replicas[0].get(EventLog, { strict: false }).publish(
    topics.topUps.name,
    events.map((event) => encodeEvent(topics.topUps.name, event)),
  );

const stands = (eventId: string, reason: string, passes = false) =>
  database().query(
    `INSERT INTO trouble VALUES ($1, $2, $3) ON CONFLICT (event_id) DO UPDATE SET passes = excluded.passes, reason = excluded.reason`,
    [eventId, passes, reason],
  );
const mend = (eventId: string) => database().query('DELETE FROM trouble WHERE event_id = $1', [eventId]);

async function credited(customerId: string): Promise<number> {
  const [row] = await database().query<{ n: number }>('SELECT n FROM credit WHERE customer_id = $1', [
    customerId,
  ]);
  return row?.n ?? 0;
}

/** The id under which an event is parked. */
const parkedAs = async (eventId: string): Promise<string> =>
  (
    await eventually(async () => {
      const [row] = await database().query<{ id: string }>(
        'SELECT id FROM parked_message WHERE event_id = $1',
        [eventId],
      );
      return row;
    })
  )?.id ?? '';

/** A top-up that could not be applied, through Kafka. */
async function aParkedMessage(reason = 'the books of this spec are shut') {
  const [customerId, eventId] = [newId('cus'), newId('evt')];
  await stands(eventId, reason);
  await publish(anEvent(eventId, customerId));
  return { customerId, eventId, id: await parkedAs(eventId) };
}

describe('a message that could not be applied', () => {
  it('is shown with its bytes, why it waits and whom it is about, and is found by topic, consumer, kind and reason', async () => {
    const { id, eventId, customerId } = await aParkedMessage('page 7 is missing');
    const whole = await look(id);
    expect(whole).toMatchObject({
      ...{ id, eventId, subject: customerId, key: customerId, topic: 'payments.top-ups.v1' },
      ...{ consumer: 'spec.payments.top-ups.v1', kind: 'unprocessable', status: 'parked', tries: 0 },
      ...{ reason: 'trouble: page 7 is missing', payloadEncoding: 'utf-8', endedAt: '', deeds: [] },
      headers: { ce_id: eventId, ce_subject: customerId },
    });
    expect(JSON.parse(String(whole['payload']))).toMatchObject({ customerId });
    const queries = ['topic=payments.top-ups.v1', 'consumer=spec.payments.top-ups.v1', 'kind=unprocessable'];
    for (const query of [...queries, 'reason=PAGE 7', `status=&reason=page%207`])
      expect((await listed(`?pageSize=500&${query}`)).map((one) => one['id'])).toContain(id);
    for (const query of ['topic=gateway.calls.v1', 'kind=conflict', 'reason=page 8', 'status=redriven'])
      expect((await listed(`?pageSize=500&${query}`)).map((one) => one['id'])).not.toContain(id);
  });

  it('stands in a list that is read page by page, oldest first, none twice and none missing', async () => {
    const reason = newId('why');
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) ids.push((await aParkedMessage(reason)).id);
    const pages: string[][] = [];
    for (let cursor = '', more = true; more; more = cursor !== '') {
      const { body } = await ask(`?pageSize=2&reason=${reason}&cursor=${cursor}`, chen);
      pages.push((body['messages'] as { id: string }[]).map(({ id }) => id));
      cursor = String(body['nextCursor']);
    }
    expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
    expect(pages.flat()).toEqual(ids);
  });

  it('blocks nobody: what comes later for the same customer is applied', async () => {
    const { customerId } = await aParkedMessage();
    await publish(anEvent(newId('evt'), customerId));
    expect(await eventually(() => credited(customerId))).toBe(1);
  });

  it('is counted, with the age of the oldest', async () => {
    await aParkedMessage();
    const figures = await eventually(
      async () => (await fetch(`${await replicas[0].getUrl()}/metrics`)).text(),
      (text) => /^parked_messages_waiting\{consumer="spec\.payments\.top-ups\.v1"\} [1-9]/m.test(text),
    );
    expect(figures).toMatch(/^parked_messages_oldest_seconds\{consumer="spec\.payments\.top-ups\.v1"\} \d/m);
  });
});

describe('driving it again', () => {
  it('has its effect once when the cause is mended, and says who did it', async () => {
    const { id, eventId, customerId } = await aParkedMessage();
    await mend(eventId);
    const { status, body } = await drive(id);
    expect({ status, outcome: body['outcome'] }).toEqual({ status: 200, outcome: 'applied' });
    expect(body['message']).toMatchObject({
      status: 'redriven',
      tries: 1,
      deeds: [{ actor: 'mei', action: 'drive' }],
    });
    expect(await credited(customerId)).toBe(1);
    expect(await drive(id)).toMatchObject({ status: 409, body: { code: 'wrong-status' } });
    await publish(anEvent(eventId, customerId), anEvent(newId('evt'), customerId));
    await eventually(
      () => credited(customerId),
      (count) => count >= 2,
    );
    expect(await credited(customerId)).toBe(2);
  });

  it('parks it again with the new reason where the cause is another one now, and keeps the first', async () => {
    const { id, eventId, customerId } = await aParkedMessage('first cause');
    await stands(eventId, 'second cause');
    const { status, body } = await drive(id);
    expect({ status, outcome: body['outcome'] }).toEqual({ status: 200, outcome: 'parked-again' });
    expect(body['message']).toMatchObject({
      ...{ status: 'parked', reason: 'trouble: second cause', firstReason: 'trouble: first cause', tries: 1 },
      deeds: [{ action: 'drive' }, { action: 'parked-again', detail: 'trouble: second cause' }],
    });
    expect(await credited(customerId)).toBe(0);
    await mend(eventId);
    expect((await drive(id)).body['outcome']).toBe('applied');
    expect(await credited(customerId)).toBe(1);
  });

  it('says so where a part does not answer, and leaves the message as it was', async () => {
    const { id, eventId, customerId } = await aParkedMessage('first cause');
    await stands(eventId, 'the peer does not answer', true);
    expect(await drive(id)).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    expect(await look(id)).toMatchObject({ status: 'parked', reason: 'trouble: first cause' });
    await mend(eventId);
    expect((await drive(id)).body['outcome']).toBe('applied');
    expect(await credited(customerId)).toBe(1);
  });

  it('has its effect once by two replicas and twenty people at the same moment', async () => {
    const { id, eventId, customerId } = await aParkedMessage();
    await mend(eventId);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => drive(id, replicas[index % 2] ?? replicas[0])),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array.from({ length: 19 }, () => 409)]);
    expect(await credited(customerId)).toBe(1);
    expect(await look(id)).toMatchObject({ status: 'redriven', tries: 1 });
  });

  it('has its effect once where the event came again meanwhile', async () => {
    const { id, eventId, customerId } = await aParkedMessage();
    await mend(eventId);
    await publish(anEvent(eventId, customerId));
    expect(await eventually(() => credited(customerId))).toBe(1);
    expect((await drive(id)).body['outcome']).toBe('applied');
    expect(await credited(customerId)).toBe(1);
  });

  it('waits where another process drives it, and no longer than that one can live', async () => {
    const { id, eventId, customerId } = await aParkedMessage();
    await mend(eventId);
    const takenFor = (interval: string) =>
      database().query(
        `UPDATE parked_message SET driven_until = clock_timestamp() + $2::interval WHERE id = $1`,
        [id, interval],
      );
    await takenFor('1 minute');
    expect(await drive(id)).toMatchObject({ status: 409, body: { code: 'conflict' } });
    const reason = 'nobody will ever miss it';
    expect(await ask(`/${id}/discard`, mei, { reason })).toMatchObject({
      status: 409,
      body: { code: 'conflict' },
    });
    await takenFor('-1 second');
    expect((await drive(id)).body['outcome']).toBe('applied');
    expect(await credited(customerId)).toBe(1);
  });

  it('parks bytes that are no event again, and shows them whole', async () => {
    const key = newId('cus');
    const value = Buffer.from([0xff, 0xfe, 0x00, 0x31]);
    const eventLog = replicas[0].get(EventLog, { strict: false });
    const { headers } = encodeEvent(topics.topUps.name, anEvent(newId('evt'), key));
    await eventLog.publish(topics.topUps.name, [{ key, headers, value } as never]);
    const found = await eventually(async () => {
      const rows = await listed('?pageSize=500&kind=rejected');
      return rows.find((one) => one['key'] === key);
    });
    const id = found?.['id'] ?? '';
    expect(await look(id)).toMatchObject({
      payload: value.toString('base64'),
      payloadEncoding: 'base64',
      eventId: '',
    });
    expect((await drive(id)).body).toMatchObject({ outcome: 'parked-again', message: { kind: 'rejected' } });
  });
});

describe('discarding it', () => {
  const reason = 'a test of the partner, confirmed by mail';
  const proposalOf = (answer: Answer): string =>
    (answer.body['deeds'] as { id: string; action: string }[])
      .filter(({ action }) => action === 'propose-discard')
      .at(-1)?.id ?? '';
  const decide = (id: string, proposal: string, verdict: string, by: Person = chen) =>
    ask(`/${id}/discard/decision`, by, { proposal, verdict });

  it('needs two people, and is then the end of it', async () => {
    const { id, eventId, customerId } = await aParkedMessage();
    const both = { subject: 'solo', scope: 'messages:read messages:drive messages:approve' };
    const alone = await ask(`/${id}/discard`, both, { reason });
    expect(await decide(id, proposalOf(alone), 'approved', both)).toMatchObject({ status: 403 });
    expect(await ask(`/${id}/discard`, mei, { reason })).toMatchObject({
      status: 409,
      body: { code: 'conflict' },
    });
    expect((await decide(id, proposalOf(alone), 'rejected')).body).toMatchObject({ status: 'parked' });
    expect(await decide(id, proposalOf(alone), 'approved')).toMatchObject({ status: 409 });
    const proposed = await ask(`/${id}/discard`, mei, { reason });
    expect(proposed.body).toMatchObject({ status: 'parked' });
    expect((await decide(id, proposalOf(proposed), 'approved')).body).toMatchObject({
      status: 'discarded',
      deeds: [
        { actor: 'solo', action: 'propose-discard', detail: reason },
        { actor: 'chen', action: 'reject-discard', answers: proposalOf(alone) },
        { actor: 'mei', action: 'propose-discard', detail: reason },
        { actor: 'chen', action: 'approve-discard', answers: proposalOf(proposed) },
      ],
    });
    await mend(eventId);
    expect(await drive(id)).toMatchObject({ status: 409, body: { code: 'wrong-status' } });
    expect(await credited(customerId)).toBe(0);
  });

  it('comes too late for what was applied meanwhile, and driving comes too late for what was discarded: never both', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { id, eventId, customerId } = await aParkedMessage();
      await mend(eventId);
      const proposal = proposalOf(await ask(`/${id}/discard`, mei, { reason }));
      const [driven, decided] = await Promise.all([drive(id, replicas[1]), decide(id, proposal, 'approved')]);
      expect([driven.status, decided.status].sort()).toEqual([200, 409]);
      expect(await credited(customerId)).toBe(driven.status === 200 ? 1 : 0);
      expect(await look(id)).toMatchObject({ status: driven.status === 200 ? 'redriven' : 'discarded' });
    }
  });

  it('cannot be done behind the back of the second person, nor can anything be changed that was written down', async () => {
    const { id } = await aParkedMessage();
    await ask(`/${id}/discard`, mei, { reason });
    const change = (sql: string) => database().query(sql, [id]);
    const rejected = async (sql: string, why: string) => {
      await expect(change(sql)).rejects.toThrow(why);
    };
    await rejected(`UPDATE parked_message SET status = 'discarded' WHERE id = $1`, 'by two people');
    await rejected(`UPDATE parked_message SET value = 'x' WHERE id = $1`, 'kept as it came');
    await rejected(`UPDATE parked_deed SET actor = 'nobody' WHERE parked_id = $1`, 'only ever added to');
    await rejected(
      `INSERT INTO parked_deed (parked_id, actor, client_id, action, detail, answers, proposed_by)
       SELECT parked_id, actor, client_id, 'approve-discard', '', id, actor FROM parked_deed WHERE parked_id = $1`,
      'two_people',
    );
  });

  it('is refused without a reason that says something, and for what is not there', async () => {
    const { id } = await aParkedMessage();
    expect(await ask(`/${id}/discard`, mei, { reason: 'old' })).toMatchObject({
      status: 400,
      body: { code: 'invalid-request', field: 'reason' },
    });
    for (const path of ['/prk_0/drive', '/prk_0/discard'])
      expect(await ask(path, mei, { reason })).toMatchObject({ status: 404, body: { field: 'id' } });
    expect(await ask('?cursor=x', chen)).toMatchObject({ status: 400, body: { field: 'cursor' } });
  });
});

describe('the doors', () => {
  it('open for their scope only', async () => {
    const { id } = await aParkedMessage();
    const doors = [
      ['', 'messages:read', undefined],
      [`/${id}`, 'messages:read', undefined],
      [`/${id}/drive`, 'messages:drive', {}],
      [`/${id}/discard`, 'messages:drive', { reason: 'for the sake of the spec' }],
      [`/${id}/discard/decision`, 'messages:approve', { proposal: '1', verdict: 'rejected' }],
    ] as const;
    const all = ['messages:read', 'messages:drive', 'messages:approve', 'adjustments:approve'];
    for (const [path, scope, body] of doors) {
      const others = all.filter((other) => other !== scope).join(' ');
      expect((await ask(path, { subject: 'walker', scope: others }, body)).status).toBe(403);
      expect((await ask(path, { subject: 'walker', scope }, body)).status).not.toBe(403);
    }
  });
});

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly runbook: string };
}
const root = join(import.meta.dirname, '../../..');
const { load } = createRequire(import.meta.url)('js-yaml') as { load(text: string): unknown };
const rules = (
  load(readFileSync(join(root, 'deploy/prometheus/messages.rules.yml'), 'utf8')) as {
    readonly groups: readonly { readonly rules: readonly Rule[] }[];
  }
).groups.flatMap((group) => group.rules);

describe('the alert', () => {
  it.each(rules)('$alert looks at figures that there are, and the runbook says what to do', async (rule) => {
    const figures = await (await fetch(`${await replicas[0].getUrl()}/metrics`)).text();
    const names = rule.expr.match(/\bparked_[a-z_]+\b/g) ?? [];
    expect(names).not.toEqual([]);
    for (const name of names) expect(figures).toContain(`# TYPE ${name} `);
    expect(readFileSync(join(root, rule.annotations.runbook), 'utf8')).toContain(`\`${rule.alert}\``);
  });
});
