import { type CallClosedUncharged, type EventOf, topics, type UsageRated } from '@app/contracts';
import { metrics } from '@app/observability';
import { freshDatabase } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  aCustomer,
  anEnd,
  aPrice,
  aReport,
  openMetering,
  type OpenMetering,
  publishedOf,
  type Recorded,
  usageEnd,
} from '../../test/open-metering.ts';
import { Resolution } from './resolution.ts';

let metering: OpenMetering;
let priceVersionId: string;
const customerId = 'cus_1';
const finance = { subject: 'lin', clientId: 'finance', scopes: new Set(['quarantine:resolve']) };
const reason = 'The provider sent the usage again by mail.';

type Told = EventOf<typeof UsageRated> | EventOf<typeof CallClosedUncharged>;

beforeAll(async () => {
  metering = await openMetering(await freshDatabase('metering-quarantine'));
  await metering.deliver('customers', metering.batchOf(topics.customers, [aCustomer()]));
  const price = aPrice('2023-01-01T00:00:00Z', '2.5', '15');
  priceVersionId = publishedOf(await metering.publishPrice.handle(price)).id;
});
afterAll(() => metering.close());

const placeOf = (callId: string) => ({ customerId, callId, eventId: `${callId}:finished` });
const resolve = (callId: string, resolution: object) =>
  metering.resolveCall.handle(placeOf(callId), Resolution.parse({ reason, ...resolution }), finance);

const told = async (callId: string): Promise<readonly Told[]> =>
  (await metering.outboxOf<Told>(topics.rated)).filter(({ data }) => data.callId === callId);

const lineOf = async (callId: string) => (await metering.findCall.handle({ customerId, callId })).call;

/** Calls of which the provider said something that cannot be true. */
async function quarantine(...callIds: readonly string[]): Promise<void> {
  const body = {
    rawUsage: '{"prompt_tokens":-9,"completion_tokens":800}',
    usageFamily: 'openai-chat' as const,
  };
  const ends = callIds.map((callId) =>
    anEnd(callId, { priceVersionId, ...body, end: usageEnd(0, 800, '0.012') }),
  );
  await metering.deliver('calls', metering.batchOf(topics.calls, ends));
}

async function age(callId: string, hours: number): Promise<void> {
  await metering.database.query(
    `UPDATE quarantine SET quarantined_at = clock_timestamp() - $2 * interval '1 hour' WHERE call_id = $1`,
    [callId, hours],
  );
}

/** Sums of the roll-ups beside sums of the lines: both are to be equal. */
async function sums() {
  const range = { customerId, from: '2020-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' };
  const page = await metering.readUsage.handle({
    ...range,
    bucketWidth: 'month',
    groupBy: [],
    pageSize: 1_440,
  });
  const [lines] = await metering.database.query(
    `SELECT count(*)::text AS requests, trim_scale(coalesce(sum(charge), 0))::text AS charge,
            sum(coalesce((tokens->>'input')::int, 0))::text AS input FROM call WHERE outcome IS NOT NULL`,
  );
  const results = page.buckets.flatMap((bucket) => bucket.results);
  const add = (of: (result: (typeof results)[number]) => string) =>
    results.reduce((total, result) => total + Number(of(result)), 0);
  return {
    lines,
    rolledUp: {
      requests: add(({ requests }) => requests).toString(),
      charge: results.map(({ charge }) => charge).find((charge) => charge !== '0') ?? '0',
      input: add(({ tokens }) => tokens['input'] ?? '0').toString(),
    },
  };
}

describe('a quarantined call', () => {
  it('waits with its hold kept and its body as it came, neither charged nor lost', async () => {
    await quarantine('call_waits');
    expect(await told('call_waits')).toEqual([]);
    const open = await metering.quarantine.open(10);
    expect(open.find(({ call_id: callId }) => callId === 'call_waits')).toMatchObject({
      code: 'impossible-usage',
      reason: 'not-a-count: prompt_tokens',
      event: {
        data: { rawUsage: '{"prompt_tokens":-9,"completion_tokens":800}', holdId: 'hold_call_waits' },
      },
    });
  });

  it('is charged by the usage that a person puts in its place, settling its hold, and the sums follow', async () => {
    await quarantine('call_corrected');
    const done = await resolve('call_corrected', { action: 'charge', tokens: { input: 3000, output: 800 } });
    expect(done).toMatchObject({
      charge: '0.0195',
      currency: 'CNY',
      actor: 'lin',
      clientId: 'finance',
      reason,
    });
    expect(await told('call_corrected')).toMatchObject([
      { id: 'call_corrected:rated', data: { holdId: 'hold_call_corrected', charge: { amount: '0.0195' } } },
    ]);
    expect(await lineOf('call_corrected')).toMatchObject({
      ...{ outcome: 'charged', charge: '0.0195', usageSource: 'corrected', reason: '' },
      tokens: { input: '3000', output: '800' },
    });
    const { lines, rolledUp } = await sums();
    expect(rolledUp).toEqual(lines);
  });

  it('is closed without a charge where a person says so, and its hold let go', async () => {
    await quarantine('call_closed');
    expect(await resolve('call_closed', { action: 'close' })).toMatchObject({ charge: '', action: 'close' });
    expect(await told('call_closed')).toMatchObject([
      { type: 'CallClosedUncharged', data: { reason: 'closed_by_hand', holdId: 'hold_call_closed' } },
    ]);
    const { lines, rolledUp } = await sums();
    expect(rolledUp).toEqual(lines);
  });

  it('is resolved once: the same again is answered alike, by twenty at once too, and another decision is refused', async () => {
    await quarantine('call_once');
    const charge = { action: 'charge', tokens: { output: 800 } };
    const answers = await Promise.all(Array.from({ length: 20 }, () => resolve('call_once', charge)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await told('call_once')).toHaveLength(1);
    await expect(resolve('call_once', { action: 'close' })).rejects.toMatchObject({
      code: 'conflict',
      details: { field: 'action', remedy: expect.stringContaining('never changed') },
    });
    const { lines, rolledUp } = await sums();
    expect(rolledUp).toEqual(lines);
  });

  it('is not charged by what has no price, by another model’s price, or where there is none', async () => {
    await quarantine('call_refused');
    const refusals = [
      [{ action: 'charge', tokens: { input_audio: 7 } }, 'impossible-usage', 'tokens'],
      [
        { action: 'charge', tokens: { input: 7 }, priceVersionId: 'prv_never' },
        'unknown-price',
        'priceVersionId',
      ],
    ] as const;
    for (const [resolution, code, field] of refusals) {
      await expect(resolve('call_refused', resolution)).rejects.toMatchObject({ code, details: { field } });
    }
    await expect(resolve('call_never', { action: 'close' })).rejects.toMatchObject({ code: 'not-found' });
    expect(Resolution.safeParse({ action: 'close', reason: 'short' }).success).toBe(false);
    expect(await told('call_refused')).toEqual([]);
  });

  it('leaves who did what and why for ever', async () => {
    const kept = await metering.quarantine.resolutions('0', 50);
    expect(kept.map(({ callId, action, actor }) => [callId, action, actor])).toEqual([
      ['call_corrected', 'charge', 'lin'],
      ['call_closed', 'close', 'lin'],
      ['call_once', 'charge', 'lin'],
    ]);
    const change = metering.database.query(`UPDATE quarantine_resolution SET actor = 'nobody'`);
    await expect(change).rejects.toThrow('never changed');
  });
});

describe('a second end of a call', () => {
  it('can only be closed: the call has ended and is not charged again', async () => {
    const ends = [2, 1].map((seconds) => ({
      ...anEnd('call_twice', {
        ...{ priceVersionId, end: usageEnd(3000, 800, '0.0195') },
        finishedAt: `2026-11-22T08:01:0${seconds.toString()}Z`,
      }),
      id: `call_twice:finished-${seconds.toString()}`,
    }));
    await metering.deliver('calls', metering.batchOf(topics.calls, ends));
    const place = { customerId, callId: 'call_twice', eventId: 'call_twice:finished-1' };
    const decide = (resolution: object) =>
      metering.resolveCall.handle(place, Resolution.parse({ reason, ...resolution }), finance);
    await expect(decide({ action: 'charge', tokens: { input: 1 } })).rejects.toMatchObject({
      code: 'wrong-status',
    });
    expect(await decide({ action: 'close' })).toMatchObject({ action: 'close' });
    expect(await lineOf('call_twice')).toMatchObject({ outcome: 'charged', charge: '0.0195' });
    expect(await told('call_twice')).toHaveLength(1);
  });

  it('can only be closed where the first one waits too, which is then decided by itself', async () => {
    await quarantine('call_both');
    const again = anEnd('call_both', { priceVersionId, end: usageEnd(3000, 800, '0.0195') });
    await metering.deliver('calls', metering.batchOf(topics.calls, [{ ...again, id: 'call_both:again' }]));
    const decide = (resolution: object) =>
      metering.resolveCall.handle(
        { customerId, callId: 'call_both', eventId: 'call_both:again' },
        Resolution.parse({ reason, ...resolution }),
        finance,
      );
    const charge = { action: 'charge', tokens: { input: 3000, output: 800 } };
    await expect(decide(charge)).rejects.toMatchObject({ code: 'wrong-status' });
    expect(await decide({ action: 'close' })).toMatchObject({ action: 'close' });
    expect(await told('call_both')).toEqual([]);
    expect(await resolve('call_both', charge)).toMatchObject({ charge: '0.0195' });
    expect(await told('call_both')).toHaveLength(1);
    const waiting = await metering.database.query(
      `SELECT code FROM quarantine WHERE call_id = 'call_both' AND resolved_at IS NULL`,
    );
    expect(waiting).toEqual([]);
  });
});

describe('quarantined calls that nobody looks at', () => {
  it('are told of after a day, and given up after three, in the customer’s favour', async () => {
    await quarantine('call_day', 'call_days');
    await age('call_day', 25);
    await age('call_days', 73);
    expect(await metering.releaseOverdue.handle()).toBe(1);
    expect(await metering.releaseOverdue.handle()).toBe(0);
    expect(await metrics.text()).toContain('metering_quarantined_calls{age="old"} 1');
    expect(await told('call_days')).toMatchObject([
      { data: { reason: 'quarantine_expired', holdId: 'hold_call_days' } },
    ]);
    expect(await lineOf('call_days')).toMatchObject({ outcome: 'uncharged', reason: 'quarantine_expired' });
    expect(await told('call_day')).toEqual([]);
    await expect(resolve('call_days', { action: 'charge', tokens: { input: 1 } })).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  it('are given up once, though another end of the same call waits too', async () => {
    await quarantine('call_double');
    const again = anEnd('call_double', { priceVersionId, end: usageEnd(3000, 800, '0.0195') });
    await metering.deliver('calls', metering.batchOf(topics.calls, [{ ...again, id: 'call_double:again' }]));
    await age('call_double', 73);
    expect(await metering.releaseOverdue.handle()).toBe(1);
    expect(await told('call_double')).toHaveLength(1);
    const waiting = await metering.database.query(
      `SELECT code FROM quarantine WHERE call_id = 'call_double' AND resolved_at IS NULL`,
    );
    expect(waiting).toEqual([{ code: 'ended-before' }]);
  });

  it('wait on where no money is held for them, and are told as old', async () => {
    const old = async () => {
      await metering.releaseOverdue.handle();
      return Number(/^metering_quarantined_calls\{age="old"\} (\d+)$/m.exec(await metrics.text())?.[1]);
    };
    const before = await old();
    await metering.recordUsage.handle([aReport('no-price', { model: 'unheard-of' })]);
    const events = await metering.outboxOf<Recorded>(topics.usage);
    await metering.deliver('usage', metering.batchOf(topics.usage, events));
    const callId = events.at(-1)?.data.callId ?? '';
    await age(callId, 1_000);
    expect(await metering.releaseOverdue.handle()).toBe(0);
    expect(await lineOf(callId)).toMatchObject({ outcome: 'quarantined', reason: 'no-price' });
    expect(await old()).toBe(before + 1);
  });
});
