import {
  type CallClosedUncharged,
  EntryRecorded,
  type EventOf,
  topics,
  type UsageRated,
} from '@app/contracts';
import { freshDatabase } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  aCustomer,
  anEnd,
  aPrice,
  aReport,
  aStart,
  openMetering,
  type OpenMetering,
  publishedOf,
  type Recorded,
  usageEnd,
} from '../../test/open-metering.ts';

let metering: OpenMetering;
let firstPrice: string;
let secondPrice: string;
const change = '2099-01-01T00:00:00Z';

type Told = EventOf<typeof UsageRated> | EventOf<typeof CallClosedUncharged>;

beforeAll(async () => {
  metering = await openMetering(await freshDatabase('metering-calls'));
  const customers = [aCustomer(), aCustomer({ customerId: 'cus_2', timeZone: 'Asia/Kolkata' })];
  await metering.deliver('customers', metering.batchOf(topics.customers, customers));
  const publish = (...terms: Parameters<typeof aPrice>) => metering.publishPrice.handle(aPrice(...terms));
  firstPrice = publishedOf(await publish('2023-01-01T00:00:00Z', '2.5', '15')).id;
  secondPrice = publishedOf(await publish(change, '5', '30')).id;
});
afterAll(() => metering.close());

const told = async (callId: string): Promise<Told | undefined> =>
  (await metering.outboxOf<Told>(topics.rated)).find(({ data }) => data.callId === callId);

const lineOf = async (callId: string, customerId = 'cus_1') =>
  (await metering.listCalls.handle({ customerId, pageSize: 500 })).calls.find(
    (line) => line.callId === callId,
  );

const quarantineOf = (callId: string) =>
  metering.database.query<{ code: string }>('SELECT code FROM quarantine WHERE call_id = $1', [callId]);

async function openCalls(): Promise<number> {
  const [row] = await metering.database.query<{ count: string }>(
    'SELECT count(*) FROM call WHERE outcome IS NULL',
  );
  return Number(row?.count);
}

describe('a relayed call', () => {
  it('is charged 3,000 × 2.5/10⁶ + 800 × 15/10⁶ = 0.0195, exactly', async () => {
    const end = anEnd('call_a', { priceVersionId: firstPrice, end: usageEnd(3000, 800, '0.0195') });
    await metering.deliver('calls', metering.batchOf(topics.calls, [end]));
    expect(await told('call_a')).toMatchObject({
      id: 'call_a:rated',
      data: {
        charge: { amount: '0.0195', currency: 'CNY' },
        holdId: 'hold_call_a',
        priceVersionId: firstPrice,
      },
    });
    const usd = '0.002731'; // 0.0195 ÷ 7.14, to six digits.
    expect(await lineOf('call_a')).toMatchObject({
      outcome: 'charged',
      charge: '0.0195',
      credits: usd,
      statusCode: 200,
    });
  });

  it('changes nothing when its batch is delivered again', async () => {
    const start = aStart('call_b', { priceVersionId: firstPrice });
    const end = anEnd('call_b', { priceVersionId: firstPrice, end: usageEnd(1, 1, '0.0000175') });
    const batch = metering.batchOf(topics.calls, [start, end]);
    await metering.deliver('calls', batch);
    const [events, usage] = [await metering.outboxOf(topics.rated), await totalOf('cus_1')];
    await metering.deliver('calls', batch);
    expect(await metering.outboxOf(topics.rated)).toEqual(events);
    expect(await totalOf('cus_1')).toEqual(usage);
  });

  it('is charged by the price that was pinned when it was admitted, whatever the clock says when it ends', async () => {
    const ends = [
      anEnd('call_old', {
        priceVersionId: firstPrice,
        end: usageEnd(1_000_000, 0, '2.5'),
        finishedAt: change,
      }),
      anEnd('call_new', {
        priceVersionId: secondPrice,
        end: usageEnd(1_000_000, 0, '5'),
        admittedAt: change,
      }),
    ];
    await metering.deliver('calls', metering.batchOf(topics.calls, ends));
    expect([(await lineOf('call_old'))?.charge, (await lineOf('call_new'))?.charge]).toEqual(['2.5', '5']);
  });

  it('is quarantined, with its hold kept, when the gateway showed another charge', async () => {
    const end = anEnd('call_c', { priceVersionId: firstPrice, end: usageEnd(3000, 800, '0.0196') });
    await metering.deliver('calls', metering.batchOf(topics.calls, [end]));
    expect(await lineOf('call_c')).toMatchObject({
      outcome: 'quarantined',
      reason: 'charge-differs',
      charge: '',
    });
    expect(await told('call_c')).toBeUndefined();
    expect(await quarantineOf('call_c')).toEqual([{ code: 'charge-differs' }]);
  });

  it('is quarantined when its usage cannot be true, has no price, or names a price of another model', async () => {
    const impossible = { kind: 'impossible' as const, reason: 'cached tokens exceed the input' };
    const audio = {
      kind: 'usage' as const,
      usage: { tokens: { input_audio: 7 }, units: {}, source: 'upstream' as const, estimated: false },
      charge: '0',
    };
    const ends = [
      anEnd('call_d1', { priceVersionId: firstPrice, end: impossible }),
      anEnd('call_d2', { priceVersionId: firstPrice, end: audio }),
      anEnd('call_d3', { priceVersionId: 'prv_never', end: usageEnd(1, 1, '0') }),
      anEnd('call_d4', { priceVersionId: firstPrice, model: 'gpt-4', end: usageEnd(1, 1, '0.0000175') }),
    ];
    await metering.deliver('calls', metering.batchOf(topics.calls, ends));
    const lines = await Promise.all(ends.map(({ data }) => lineOf(data.callId)));
    expect(lines.map((line) => line?.reason)).toEqual([
      'impossible-usage',
      'unpriced-kind',
      'no-price',
      'other-model',
    ]);
    expect(await Promise.all(ends.map(({ data }) => told(data.callId)))).toEqual(ends.map(() => undefined));
  });

  it('is rated by the provider’s own body, and quarantined when that body cannot be true', async () => {
    const told1000 = '{"prompt_tokens":1000,"completion_tokens":0,"total_tokens":1000}';
    const from = { usageFamily: 'openai-chat' as const, seen: { outputText: true } };
    const lie = { ...from, rawUsage: told1000, end: usageEnd(1000, 0, '0.0025') };
    const negative = {
      ...from,
      rawUsage: '{"prompt_tokens":-1000,"completion_tokens":9}',
      end: usageEnd(0, 9, '0'),
    };
    const other = {
      ...from,
      rawUsage: told1000,
      seen: { outputText: false },
      end: usageEnd(999, 0, '0.0024975'),
    };
    const ends = [lie, negative, other].map((end, at) =>
      anEnd(`call_f${at.toString()}`, { priceVersionId: firstPrice, ...end }),
    );
    await metering.deliver('calls', metering.batchOf(topics.calls, ends));
    const lines = await Promise.all(ends.map(({ data }) => lineOf(data.callId)));
    expect(lines.map((line) => line?.reason)).toEqual([
      'impossible-usage',
      'impossible-usage',
      'charge-differs',
    ]);
  });

  it('is closed without a charge, and its hold named, when it says so', async () => {
    const end = { kind: 'uncharged' as const, reason: 'upstream_failed' as const };
    const failed = anEnd('call_e', { priceVersionId: firstPrice, statusCode: 502, end });
    await metering.deliver('calls', metering.batchOf(topics.calls, [failed]));
    expect(await told('call_e')).toMatchObject({
      type: 'CallClosedUncharged',
      data: { holdId: 'hold_call_e', reason: 'upstream_failed' },
    });
    expect(await lineOf('call_e')).toMatchObject({ outcome: 'uncharged', statusCode: 502, charge: '' });
  });
});

describe('a call without an end', () => {
  it('is closed as abandoned after its deadline, only when its events are read to the end, and stays so', async () => {
    const starts = [
      aStart('call_late', { priceVersionId: firstPrice, deadline: '2026-11-22T08:31:00Z' }),
      aStart('call_live', { priceVersionId: firstPrice, deadline: '2099-01-01T00:00:00Z' }),
    ];
    await metering.deliver('calls', metering.batchOf(topics.calls, starts, 1));
    expect(await openCalls()).toBe(2);
    metering.lags.set(1, 3n);
    expect(await metering.abandonCalls.handle()).toBe(0);
    metering.lags.set(1, 0n);
    expect(await metering.abandonCalls.handle()).toBe(1);
    expect(await metering.abandonCalls.handle()).toBe(0);
    expect(await told('call_late')).toMatchObject({
      data: { reason: 'abandoned', holdId: 'hold_call_late' },
    });

    const end = anEnd('call_late', { priceVersionId: firstPrice, end: usageEnd(3000, 800, '0.0195') });
    await metering.deliver('calls', metering.batchOf(topics.calls, [end], 1));
    expect(await lineOf('call_late')).toMatchObject({
      outcome: 'uncharged',
      reason: 'abandoned',
      charge: '',
    });
    expect(await quarantineOf('call_late')).toEqual([{ code: 'ended-before' }]);
    expect(await openCalls()).toBe(1);
  });
});

describe('a call whose hold has expired', () => {
  const expiryOf = (holdId: string): EventOf<typeof EntryRecorded> => ({
    ...{ id: `cus_1/${holdId}`, type: 'EntryRecorded', source: 'haoli/ledger', subject: 'cus_1' },
    time: '2026-11-22T08:03:00Z',
    data: {
      ...EntryRecorded.sample.data,
      ...{ bookId: 'cus_1', kind: 'expire', eventId: `${holdId}:expired`, postings: [] },
    },
  });

  it('is closed before its deadline, once its events are read to the end, unless it has ended', async () => {
    const open = { priceVersionId: firstPrice, deadline: '2099-01-01T00:00:00Z' };
    const [silent, finished] = [aStart('call_silent', open), aStart('call_finished', open)];
    await metering.deliver('calls', metering.batchOf(topics.calls, [silent, finished], 2));
    const expiries = [expiryOf('hold_call_silent'), expiryOf('hold_call_finished'), expiryOf('hold_unknown')];
    const batch = metering.batchOf(topics.journal, expiries);
    await metering.deliver('journal', batch);
    await metering.deliver('journal', batch);
    // The end was on its way when the hold expired.
    metering.lags.set(2, 1n);
    expect(await metering.abandonCalls.handle()).toBe(0);
    const end = anEnd('call_finished', { priceVersionId: firstPrice, end: usageEnd(3000, 800, '0.0195') });
    await metering.deliver('calls', metering.batchOf(topics.calls, [end], 2));
    metering.lags.set(2, 0n);
    expect(await metering.abandonCalls.handle()).toBe(1);
    expect(await told('call_silent')).toMatchObject({
      data: { reason: 'hold_expired', holdId: 'hold_call_silent' },
    });
    expect(await lineOf('call_finished')).toMatchObject({ outcome: 'charged', charge: '0.0195' });
  });
});

describe('reported usage', () => {
  it('is rated by the price of its own time, however late and in whatever order it comes', async () => {
    const reports = [
      aReport('late-1', { occurredAt: '2023-11-16T18:15:46.680590Z' }),
      aReport('late-2', { occurredAt: '2022-12-31T23:59:59.999999Z' }),
    ];
    const results = await metering.recordUsage.handle(reports);
    expect(results.map(({ outcome }) => outcome)).toEqual(['recorded', 'recorded']);
    await rateAll();
    const [priced, unpriced] = results.map((result) => ('callId' in result ? result.callId : ''));
    expect(await told(priced ?? '')).toMatchObject({
      data: { charge: { amount: '0.0195' }, holdId: null, occurredAt: '2023-11-16T18:15:46.680590Z' },
    });
    expect(await lineOf(unpriced ?? '')).toMatchObject({ outcome: 'quarantined', reason: 'no-price' });
  });

  it('is quarantined and not lost when its model has no price', async () => {
    const [result] = await metering.recordUsage.handle([aReport('m-1', { model: 'never-heard-of' })]);
    await rateAll();
    const callId = result && 'callId' in result ? result.callId : '';
    expect(await lineOf(callId)).toMatchObject({
      outcome: 'quarantined',
      tokens: { input: '3000', output: '800' },
    });
    expect(await quarantineOf(callId)).toEqual([{ code: 'no-price' }]);
  });

  it('may be a provider’s body as it came: it is normalised here, and quarantined where it cannot be true', async () => {
    const asBody = (id: string, body: object) =>
      aReport(id, { tokens: {}, usageFamily: 'anthropic', rawUsage: JSON.stringify(body) });
    const cache = { cache_read_input_tokens: 2000, cache_creation_input_tokens: 0 };
    const results = await metering.recordUsage.handle([
      asBody('body-1', { input_tokens: 1000, output_tokens: 800, ...cache }),
      asBody('body-2', { input_tokens: -1000, output_tokens: 800 }),
      aReport('body-3', { usageFamily: 'anthropic', rawUsage: '{}' }),
    ]);
    expect(results[2]).toMatchObject({ outcome: 'refused', problem: { field: 'tokens' } });
    await rateAll();
    const [good, bad] = results.map((result) => ('callId' in result ? result.callId : ''));
    expect(await lineOf(good ?? '')).toMatchObject({
      charge: '0.0195',
      tokens: { input: '1000', cached_input: '2000', output: '800' },
      usageSource: 'recorded',
    });
    expect(await lineOf(bad ?? '')).toMatchObject({ outcome: 'quarantined', reason: 'impossible-usage' });
    expect(await told(bad ?? '')).toBeUndefined();
  });

  it('changes nothing when a batch of it is delivered again', async () => {
    await metering.recordUsage.handle([aReport('again-1'), aReport('again-2')]);
    const batch = metering.batchOf(topics.usage, (await metering.outboxOf<Recorded>(topics.usage)).slice(-2));
    await metering.deliver('usage', batch);
    const [events, usage] = [await metering.outboxOf(topics.rated), await totalOf('cus_1')];
    await metering.deliver('usage', batch);
    await metering.deliver('usage', { ...batch, partition: 7 });
    expect(await metering.outboxOf(topics.rated)).toEqual(events);
    expect(await totalOf('cus_1')).toEqual(usage);
  });
});

let rated = 0;
async function rateAll(): Promise<void> {
  const events = await metering.outboxOf<Recorded>(topics.usage);
  await metering.deliver('usage', metering.batchOf(topics.usage, events.slice(rated)));
  rated = events.length;
}

/** Everything that a customer ever used, in one bucket. */
async function totalOf(customerId: string) {
  const range = { from: '2020-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' };
  const page = await metering.readUsage.handle({
    customerId,
    ...range,
    bucketWidth: 'month',
    groupBy: [],
    pageSize: 500,
  });
  return page.buckets.flatMap(({ results }) => results);
}
