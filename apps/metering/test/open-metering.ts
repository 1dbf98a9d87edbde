import {
  type CallFinished,
  type CallStarted,
  type CustomerChanged,
  encodeEvent,
  type Event,
  type EventOf,
  type Topic,
  topics,
  type UsageRecorded,
} from '@app/contracts';
import type { EventBatch, EventLog } from '@app/kafka';
import { Database, Inbox, migrate, Outbox, OutboxSignal } from '@app/persistence';
import { AbandonCallsHandler } from '../src/calls/abandon-calls.handler.ts';
import { CallStore } from '../src/calls/call.store.ts';
import { CallsConsumer } from '../src/calls/calls.consumer.ts';
import { EndCallsHandler } from '../src/calls/end-calls.handler.ts';
import { FinishCallsHandler } from '../src/calls/finish-calls.handler.ts';
import { JournalConsumer } from '../src/calls/journal.consumer.ts';
import { RateUsageHandler } from '../src/calls/rate-usage.handler.ts';
import { UsageConsumer } from '../src/calls/usage.consumer.ts';
import { CustomerStore } from '../src/customers/customer.store.ts';
import { CustomersConsumer } from '../src/customers/customers.consumer.ts';
import { RecordUsageHandler } from '../src/intake/record-usage.handler.ts';
import { UsageRecordStore } from '../src/intake/usage-record.store.ts';
import { MarginStore } from '../src/margins/margin.store.ts';
import { RecordCostsHandler } from '../src/margins/record-costs.handler.ts';
import { meteringMigrations } from '../src/metering.module.ts';
import { DecideProposalHandler } from '../src/prices/decide-proposal.handler.ts';
import { PriceBookStore } from '../src/prices/price-book.store.ts';
import type { PublicationResult } from '../src/prices/price-examination.ts';
import { PriceImpactStore } from '../src/prices/price-impact.store.ts';
import { PriceProposalStore } from '../src/prices/price-proposal.store.ts';
import type { ProposedVersion } from '../src/prices/price-publication.ts';
import { PublishPricesHandler } from '../src/prices/publish-prices.handler.ts';
import type { PublishedVersion } from '../src/prices/published-version.ts';
import { QuarantineStore } from '../src/quarantine/quarantine.store.ts';
import { ReleaseOverdueHandler } from '../src/quarantine/release-overdue.handler.ts';
import { ResolveCallHandler } from '../src/quarantine/resolve-call.handler.ts';
import { CallLineStore } from '../src/usage/call-line.store.ts';
import { FindCallHandler } from '../src/usage/find-call.handler.ts';
import { ListCallsHandler } from '../src/usage/list-calls.handler.ts';
import { ReadUsageHandler } from '../src/usage/read-usage.handler.ts';
import { UsageStore } from '../src/usage/usage.store.ts';

/** Metering without ports: its handlers on a real database, and batches handed to its consumers as Kafka would. */
export async function openMetering(url: string, prices: Partial<PriceSettings> = {}) {
  await migrate({ url, migrations: meteringMigrations, applicationName: 'metering spec' });
  const database = new Database({ url, applicationName: 'metering spec' });
  const outbox = new Outbox(new OutboxSignal());
  const [book, customers, calls] = [
    new PriceBookStore(database),
    new CustomerStore(database),
    new CallStore(database),
  ];
  const margins = new MarginStore(database);
  const costs = new RecordCostsHandler(margins, outbox);
  const consumers = consumersOf(new Inbox(database), {
    ...{ customers, calls, book },
    endCalls: new EndCallsHandler(calls, book, outbox, costs),
  });
  const quarantine = new QuarantineStore(database);
  const proposals = new PriceProposalStore(database);
  const settings = { ...priceSettings, ...prices };
  const publishPrices = new PublishPricesHandler(
    ...([database, book, new PriceImpactStore(), proposals, outbox, settings] as const),
  );
  const lags = new Map<number, bigint>();
  const lag = () =>
    Promise.resolve([...lags].map(([partition, one]) => ({ topic: topics.calls.name, partition, lag: one })));
  return {
    database,
    /** How far the consumer of calls is behind, by partition. */
    lags,
    recordUsage: new RecordUsageHandler(database, customers, new UsageRecordStore(), outbox),
    book,
    margins,
    publishPrices,
    proposals: new DecideProposalHandler(database, proposals, publishPrices),
    publishPrice: {
      handle: (version: ProposedVersion) =>
        publishPrices.handle({ versions: [version], by: 'spec', reason: undefined }),
    },
    abandonCalls: new AbandonCallsHandler(database, calls, outbox, { lag } as unknown as EventLog),
    quarantine,
    resolveCall: new ResolveCallHandler(database, quarantine, calls, book, outbox, costs),
    releaseOverdue: new ReleaseOverdueHandler(database, quarantine, calls, outbox, {
      METERING_QUARANTINE_ALERT_SECONDS: 86_400,
      METERING_QUARANTINE_RELEASE_SECONDS: 259_200,
    }),
    readUsage: new ReadUsageHandler(customers, new UsageStore(database)),
    listCalls: new ListCallsHandler(customers, new CallLineStore(database)),
    findCall: new FindCallHandler(customers, new CallLineStore(database)),
    batchOf: batchMaker(),
    deliver: (topic: keyof typeof consumers, batch: EventBatch) => consumers[topic](batch),
    outboxOf: <E extends Event>(topic: Topic) => outboxOf<E>(database, topic),
    close: () => database.close(),
  };
}

/** No lead and no limit, for specs that are about something else. */
const priceSettings = {
  METERING_PRICE_LEAD_SECONDS: 0,
  METERING_PRICE_CHANGE_PERCENT_MAX: 1_000_000,
  METERING_PUBLIC_RATE_CARDS: ['card'],
};
type PriceSettings = typeof priceSettings;

interface Stores {
  readonly customers: CustomerStore;
  readonly calls: CallStore;
  readonly book: PriceBookStore;
  readonly endCalls: EndCallsHandler;
}

function consumersOf(inbox: Inbox, { customers, calls, book, endCalls }: Stores) {
  const ofCustomers = new CustomersConsumer(inbox, customers);
  const ofCalls = new CallsConsumer(inbox, new FinishCallsHandler(calls, book, endCalls));
  const ofJournal = new JournalConsumer(inbox, calls);
  const ofUsage = new UsageConsumer(inbox, new RateUsageHandler(customers, book, endCalls));
  return {
    customers: (batch: EventBatch) => ofCustomers.keep(batch),
    calls: (batch: EventBatch) => ofCalls.follow(batch),
    journal: (batch: EventBatch) => ofJournal.follow(batch),
    usage: (batch: EventBatch) => ofUsage.rate(batch),
  };
}

/** Makes batches with dense offsets, to be delivered as often as the spec likes. */
function batchMaker() {
  const offsets = new Map<string, number>();
  return (topic: Topic, events: readonly Event[], partition = 0): EventBatch => {
    const place = `${topic.name} ${partition.toString()}`;
    const first = offsets.get(place) ?? 0;
    offsets.set(place, first + events.length);
    return {
      group: `metering.${topic.name}`,
      topic: topic.name,
      partition,
      firstOffset: first.toString(),
      lastOffset: (first + events.length - 1).toString(),
      records: events.map((event, index) => {
        const { key, headers, value } = encodeEvent(topic.name, event);
        return { offset: (first + index).toString(), key, headers, raw: Buffer.from(value), event };
      }),
      dense: topic.retention !== 'compact',
      heartbeat: () => Promise.resolve(),
      signal: new AbortController().signal,
    };
  };
}

/** Everything in the outbox of a topic, in the order in which Kafka would bring it. */
async function outboxOf<E extends Event>(database: Database, topic: Topic): Promise<E[]> {
  const rows = await database.query<{ event_id: string; headers: Record<string, string>; value: string }>(
    'SELECT event_id, headers, value FROM outbox WHERE topic = $1 ORDER BY xid, id',
    [topic.name],
  );
  return rows.map(({ event_id: id, headers, value }) => {
    const type = (headers['ce_type'] ?? '').split('.')[1] ?? '';
    const [source, time, subject] = ['ce_source', 'ce_time', 'ce_subject'].map((name) => headers[name] ?? '');
    return { id, type, source, time, subject, data: JSON.parse(value) as unknown } as unknown as E;
  });
}

export type OpenMetering = Awaited<ReturnType<typeof openMetering>>;

/** A customer as the gateway announces one. */
export function aCustomer(
  changes: Partial<EventOf<typeof CustomerChanged>['data']> = {},
): EventOf<typeof CustomerChanged> {
  const data = {
    customerId: 'cus_1',
    name: 'Aurora',
    plan: { code: 'usd-credit', credits: '1', amount: '7.14' },
    currency: 'CNY',
    rateCardId: 'card',
    timeZone: 'Asia/Shanghai',
    status: 'active' as const,
    changedAt: '2026-11-22T08:00:00Z',
    ...changes,
  };
  const { customerId, changedAt } = data;
  return {
    ...{ type: 'CustomerChanged', source: 'haoli/gateway', subject: customerId, time: changedAt, data },
    id: `${customerId}:${changedAt}`,
  };
}

const place = {
  ...{ keyId: 'key_1', model: 'gpt-5.5', endpoint: 'chat-completions', stream: false },
  admittedAt: '2026-11-22T08:01:00.123456Z',
};

/** A call that starts. */
export function aStart(
  callId: string,
  changes: Partial<EventOf<typeof CallStarted>['data']> & { readonly priceVersionId: string },
): EventOf<typeof CallStarted> {
  const data = {
    ...{ ...place, callId, customerId: 'cus_1', holdId: `hold_${callId}`, deadline: '2026-11-22T08:31:00Z' },
    hold: { amount: '1', currency: 'CNY' },
    ...changes,
  };
  const { customerId: subject, admittedAt: time } = data;
  return { id: `${callId}:started`, type: 'CallStarted', source: 'haoli/gateway', subject, time, data };
}

/** A call that ends. */
export function anEnd(
  callId: string,
  changes: Partial<EventOf<typeof CallFinished>['data']> &
    Pick<EventOf<typeof CallFinished>['data'], 'end' | 'priceVersionId'>,
): EventOf<typeof CallFinished> {
  const data = {
    ...{ ...place, callId, customerId: 'cus_1', holdId: `hold_${callId}` },
    ...{ finishedAt: '2026-11-22T08:01:03.5Z', statusCode: 200, rawUsage: null },
    ...changes,
  };
  const { customerId: subject, finishedAt: time } = data;
  return { id: `${callId}:finished`, type: 'CallFinished', source: 'haoli/gateway', subject, time, data };
}

/** The end of a call with these tokens, for which the gateway showed this charge. */
export const usageEnd = (input: number, output: number, charge: string) => ({
  kind: 'usage' as const,
  usage: { tokens: { input, output }, units: {}, source: 'upstream' as const, estimated: false },
  charge,
});

/** What an internal service reports. */
export const aReport = (id: string, changes: Readonly<Record<string, unknown>> = {}) => ({
  ...{ id, source: 'spec', customerId: 'cus_1', keyId: null, model: 'gpt-5.5', endpoint: 'record-usage' },
  ...{ occurredAt: '2026-11-22T08:00:00.123456Z', tokens: { input: 3000, output: 800 }, units: {} },
  ...changes,
});

/** A version of two rates for a model of the spec's card. */
export const aPrice = (
  effectiveFrom: string,
  input: string,
  output: string,
  model = 'gpt-5.5',
): ProposedVersion => ({
  ...{ rateCardId: 'card', model, currency: 'CNY', effectiveFrom },
  ...{
    rates: { input, output },
    fallback: { cached_input: 'input' as const },
    unitPrices: {},
    tiers: [],
    windows: [],
  },
  ...{ limits: null, basis: 'listed', derivation: null, costs: [] },
});

/** The version that a publication published; throws where it was refused. */
export function publishedOf(result: PublicationResult): PublishedVersion {
  const published = result.outcome === 'published' ? result.published[0] : undefined;
  if (published === undefined) throw new Error(`not published: ${JSON.stringify(result)}`);
  return published;
}

export type Recorded = EventOf<typeof UsageRecorded>;
