import { type MeteringApi, topics } from '@app/contracts';
import { Units18 } from '@app/money';
import { recompute } from '@app/rating';
import { freshDatabase } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  aCustomer,
  anEnd,
  aPrice,
  openMetering,
  type OpenMetering,
  publishedOf,
} from '../../test/open-metering.ts';
import { type BucketWidth, bucketWidths, type CallsQuery, groupings, UsageQuery } from './usage-query.ts';

let metering: OpenMetering;
const customerId = 'cus_india';
const callCount = 1_200;
const from = Date.parse('2026-03-01T00:00:00Z');
const days = 40;
const zones = [
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Asia/Shanghai',
  'UTC',
  'America/New_York',
  'Australia/Lord_Howe',
  'Europe/Berlin',
];

beforeAll(async () => {
  metering = await openMetering(await freshDatabase('metering-usage'));
  const india = aCustomer({
    customerId,
    timeZone: 'Asia/Kolkata',
    plan: { code: 'hk-credit', credits: '10000', amount: '1' },
  });
  await metering.deliver('customers', metering.batchOf(topics.customers, [aCustomer(), india]));
  const price = async (model: string, input: string) =>
    publishedOf(await metering.publishPrice.handle(aPrice('2023-01-01T00:00:00Z', input, '15', model))).id;
  const prices = { 'gpt-5.5': await price('gpt-5.5', '2.5'), other: await price('other', '0.000000000001') };
  const random = fc.sample(someCall, { numRuns: callCount, seed: 20261122 });
  const ends = random.map(({ model, at, key, outcome, input, output }, index) =>
    anEnd(`call_${index.toString()}`, {
      ...{ customerId, model, keyId: key, priceVersionId: prices[model] },
      admittedAt: at,
      end: outcome === 'charged' ? chargedEnd(model, input, output) : outcomes[outcome],
    }),
  );
  for (let start = 0; start < callCount; start += 100) {
    await metering.deliver(
      'calls',
      metering.batchOf(topics.calls, ends.slice(start, start + 100), start % 3),
    );
  }
});
afterAll(() => metering.close());

/** On the microsecond, and often right at, or beside, a quarter of an hour. */
const someInstant = fc
  .record({
    ms: fc.integer({ min: 0, max: days * 86_400_000 }),
    edge: fc.constantFrom(0, 0, 1),
    micro: fc.nat(999),
  })
  .map(({ ms, edge, micro }) => {
    const rounded = edge === 1 ? ms - (ms % 900_000) : ms;
    return new Date(from + rounded)
      .toISOString()
      .replace('Z', `${edge === 1 ? '000' : micro.toString().padStart(3, '0')}Z`);
  });

const someCall = fc.record({
  model: fc.constantFrom('gpt-5.5' as const, 'other' as const),
  key: fc.constantFrom('key_1', 'key_2'),
  outcome: fc.constantFrom<'charged' | 'uncharged' | 'impossible'>(
    ...(['charged', 'charged', 'charged', 'uncharged', 'impossible'] as const),
  ),
  at: someInstant,
  input: fc.nat(2_000_000),
  output: fc.nat(100_000),
});

const outcomes = {
  uncharged: { kind: 'uncharged' as const, reason: 'upstream_failed' as const },
  impossible: { kind: 'impossible' as const, reason: 'negative' },
};

function chargedEnd(model: 'gpt-5.5' | 'other', input: number, output: number) {
  const rate = model === 'other' ? 1n : 2_500_000_000_000n;
  const units = rate * BigInt(input) + 15_000_000_000_000n * BigInt(output);
  const usage = { tokens: { input, output }, units: {}, source: 'upstream' as const, estimated: false };
  return { kind: 'usage' as const, usage, charge: Units18.toText(Units18.of(units)) };
}

async function linesOf(range: Partial<CallsQuery>): Promise<readonly MeteringApi.CallLine[]> {
  const lines: MeteringApi.CallLine[] = [];
  for (let cursor: string | undefined; cursor !== '';) {
    const page = await metering.listCalls.handle({
      ...{ customerId, pageSize: 173, ...range },
      ...(cursor === undefined ? {} : { cursor }),
    });
    lines.push(...page.calls);
    cursor = page.nextCursor;
  }
  return lines;
}

async function bucketsOf(query: Partial<UsageQuery>): Promise<readonly MeteringApi.UsageBucket[]> {
  const buckets: MeteringApi.UsageBucket[] = [];
  for (let cursor: string | undefined; cursor !== '';) {
    const page = await metering.readUsage.handle({
      ...{ customerId, bucketWidth: '1d', groupBy: [], pageSize: 37, ...query },
      ...(cursor === undefined ? {} : { cursor }),
    });
    buckets.push(...page.buckets);
    cursor = page.nextCursor;
  }
  return buckets;
}

/** Requests, tokens and charge, added up exactly. */
function sumOf(
  parts: readonly {
    readonly tokens: Readonly<Record<string, string>>;
    readonly charge: string;
    readonly requests?: string;
  }[],
) {
  let [requests, input, output, charge] = [0n, 0n, 0n, 0n];
  for (const part of parts) {
    requests += BigInt(part.requests ?? 1);
    input += BigInt(part.tokens['input'] ?? 0);
    output += BigInt(part.tokens['output'] ?? 0);
    charge += part.charge === '' ? 0n : Units18.fromText(part.charge);
  }
  return { requests, input, output, charge: Units18.toText(Units18.of(charge)) };
}

const resultsOf = (buckets: readonly MeteringApi.UsageBucket[]) => buckets.flatMap(({ results }) => results);

describe('the list of calls', () => {
  it('gives every call once, newest first, page by page', async () => {
    const lines = await linesOf({});
    expect(new Set(lines.map(({ callId }) => callId)).size).toBe(callCount);
    const times = lines.map(({ occurredAt }) => Date.parse(occurredAt));
    expect(times).toEqual([...times].sort((a, b) => b - a));
  });

  it('refuses a cursor that is none', async () => {
    const forged = ['2026-99-99T00:00:00Z call_1', '2026-02-30T00:00:00Z call_1', '2026-1-1T....Z x'];
    for (const text of ['x', ...forged]) {
      const cursor = Buffer.from(text).toString('base64url');
      const answer = metering.listCalls.handle({ customerId, pageSize: 5, cursor });
      await expect(answer).rejects.toThrow('is not one that a page of calls gave');
    }
  });
});

describe('the receipt of a call', () => {
  it('has the price version by whose terms it can be computed again, and the usage as it came', async () => {
    const end = anEnd('call_receipt', {
      ...{ customerId, priceVersionId: (await linesOf({ model: 'gpt-5.5' }))[0]?.priceVersionId ?? '' },
      ...{ end: chargedEnd('gpt-5.5', 3000, 800), usageFamily: 'openai-chat' },
      rawUsage: '{"prompt_tokens":3000,"completion_tokens":800}',
    });
    await metering.deliver('calls', metering.batchOf(topics.calls, [end]));
    const receipt = await metering.findCall.handle({ customerId, callId: 'call_receipt' });
    expect(receipt).toMatchObject({
      ...{ holdId: 'hold_call_receipt', rateCard: 'card', priceEffectiveFrom: '2023-01-01T00:00:00Z' },
      rawUsage: '{"prompt_tokens":3000,"completion_tokens":800}',
      call: { charge: '0.0195', outcome: 'charged' },
    });
    expect(JSON.parse(receipt.priceTerms)).toMatchObject({ rates: { input: '2.5', output: '15' } });
    const lines = receipt.call?.lines.map((line) => ({
      ...line,
      quantity: Number(line.quantity),
      per: '1000000' as const,
    }));
    expect(recompute(lines ?? [])).toBe('0.0195');
  });

  it('is not there for another customer, nor for a call that has not ended', async () => {
    const refused = { code: 'not-found', details: { field: 'callId' } };
    for (const question of [
      { customerId: 'cus_1', callId: 'call_receipt' },
      { customerId, callId: 'call_never' },
    ]) {
      await expect(metering.findCall.handle(question)).rejects.toMatchObject(refused);
    }
  });
});

describe('usage sums', () => {
  it('equal the sum of the lines, to the last digit, for any range, zone, width and grouping', async () => {
    const someQuery = fc.record({
      ends: fc.tuple(someInstant, someInstant),
      bucketWidth: fc.constantFrom<BucketWidth>(...bucketWidths),
      timeZone: fc.constantFrom(...zones),
      groupBy: fc.subarray([...groupings]),
    });
    await fc.assert(
      fc.asyncProperty(someQuery, async ({ ends, ...query }) => {
        const [start, last] = ends[0] < ends[1] ? ends : [ends[1], ends[0]];
        const end = query.bucketWidth === '1m' ? hoursAfter(start, 3) : last;
        const buckets = await bucketsOf({ ...query, from: start, to: end });
        const lines = await linesOf({ from: start, to: end });
        expect(sumOf(resultsOf(buckets))).toEqual(sumOf(lines));
        for (const bucket of buckets) {
          const within = lines.filter(
            ({ occurredAt }) =>
              micros(occurredAt) >= micros(bucket.start) && micros(occurredAt) < micros(bucket.end),
          );
          expect(sumOf(bucket.results)).toEqual(sumOf(within));
        }
      }),
      { numRuns: 25, seed: 7, endOnFailure: true },
    );
  }, 240_000);

  it('of some models and keys are those of their lines, and lines are filtered alike', async () => {
    const range = { from: '2026-03-02T18:40:00Z', to: '2026-03-20T03:20:00Z' };
    const buckets = await bucketsOf({ ...range, models: ['other'], keyIds: ['key_2', 'key_9'] });
    const filtered = await linesOf({ ...range, model: 'other', keyId: 'key_2' });
    const all = await linesOf(range);
    expect(filtered).toEqual(all.filter(({ model, keyId }) => model === 'other' && keyId === 'key_2'));
    expect(filtered.length).toBeGreaterThan(10);
    expect(sumOf(resultsOf(buckets))).toEqual(sumOf(filtered));
    const uncharged = await linesOf({ ...range, outcome: 'uncharged' });
    expect(uncharged).toEqual(all.filter(({ outcome }) => outcome === 'uncharged'));
    expect(await bucketsOf({ ...range, product: 'images' }).then(resultsOf)).toEqual([]);
    expect(await linesOf({ model: 'never-used' })).toEqual([]);
  });

  it('begin a range of days at midnight in the zone that is asked for', async () => {
    const buckets = await bucketsOf({ from: '2026-03-03', to: '2026-03-05', timeZone: 'Asia/Kathmandu' });
    expect(buckets.map(({ start }) => start)).toEqual(['2026-03-02T18:15:00Z', '2026-03-03T18:15:00Z']);
  });

  it('begin the day at the customer’s own midnight, half an hour beside UTC’s', async () => {
    const buckets = await bucketsOf({ from: '2026-03-02T18:30:00Z', to: '2026-03-05T18:30:00Z' });
    expect(buckets.map(({ start, end }) => [start, end])).toEqual([
      ['2026-03-02T18:30:00Z', '2026-03-03T18:30:00Z'],
      ['2026-03-03T18:30:00Z', '2026-03-04T18:30:00Z'],
      ['2026-03-04T18:30:00Z', '2026-03-05T18:30:00Z'],
    ]);
    for (const { start, end, results } of buckets)
      expect(sumOf(results)).toEqual(sumOf(await linesOf({ from: start, to: end })));
  });

  it('have a day of 23 hours where the clock goes forward', async () => {
    const buckets = await bucketsOf({
      ...{ from: '2026-03-08T05:00:00Z', to: '2026-03-10T04:00:00Z', timeZone: 'America/New_York' },
    });
    expect(buckets.map(({ start }) => start)).toEqual(['2026-03-08T05:00:00Z', '2026-03-09T04:00:00Z']);
  });

  it('are shown in the credits of the plan, too', async () => {
    const range = { from: '2026-03-01T00:00:00Z', to: '2026-04-01T00:00:00Z' };
    const [result] = resultsOf(await bucketsOf({ bucketWidth: 'month', ...range }));
    const { charge, credits } = result ?? { charge: '', credits: '' };
    const wanted = Units18.fromText(charge) * 10_000n;
    expect(Units18.fromText(credits) - wanted).toBeLessThan(10n ** 12n);
    expect(wanted - Units18.fromText(credits)).toBeLessThan(10n ** 12n);
  });

  it('are empty for a customer who was not announced yet, and cover the last seven days unasked', async () => {
    const page = await metering.readUsage.handle(UsageQuery.parse({ customerId: 'cus_new' }));
    expect(page.buckets).toHaveLength(7);
    expect(resultsOf(page.buckets)).toEqual([]);
  });
});

describe('roll-ups', () => {
  it.each([
    ['usage_quarter', 'quarter', '15 minutes'],
    ['usage_hour', 'hour', '1 hour'],
  ])('are the sums of the lines, column by column: %s', async (table, span, width) => {
    const differences = await metering.database.query(
      `SELECT * FROM (
         SELECT ${span} AS at, model, key_id, sum(requests) AS n, sum(tokens_input) AS i, sum(tokens_output) AS o, sum(charge) AS c
           FROM ${table} GROUP BY 1, 2, 3) AS rolled
       FULL JOIN (
         SELECT date_bin('${width}', occurred_at, '2000-01-01Z') AS at, model, key_id, count(*) AS n,
                sum(coalesce((tokens->>'input')::bigint, 0)) AS i, sum(coalesce((tokens->>'output')::bigint, 0)) AS o,
                sum(coalesce(charge, 0)) AS c
           FROM call GROUP BY 1, 2, 3) AS lines USING (at, model, key_id, n, i, o, c)
        WHERE rolled IS NULL OR lines IS NULL`,
    );
    expect(differences).toEqual([]);
  });
});

const hoursAfter = (instant: string, hours: number): string =>
  new Date(Date.parse(instant) + hours * 3_600_000).toISOString();

/** A number that compares instants to the microsecond. */
function micros(instant: string): bigint {
  const [seconds = '', fraction = ''] = instant.slice(0, -1).split('.');
  return BigInt(Date.parse(`${seconds}Z`)) * 1_000n + BigInt(fraction.padEnd(6, '0').slice(0, 6));
}
