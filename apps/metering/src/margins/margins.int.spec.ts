import { type EventOf, topics, type UpstreamCostAccrued, type UsageRated } from '@app/contracts';
import { Money } from '@app/money';
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
import type { ProposedVersion } from '../prices/price-publication.ts';

let metering: OpenMetering;
let priceVersionId: string;

beforeAll(async () => {
  metering = await openMetering(await freshDatabase('metering-margins'));
  const result = await metering.publishPrice.handle({
    ...aPrice('2023-01-01T00:00:00Z', '20', '80'),
    costs: [atUpstream('openai', '1', '4'), atUpstream('azure', '1.1', '4.4')],
  });
  priceVersionId = publishedOf(result).id;
  await metering.publishPrice.handle(aPrice('2023-01-01T00:00:00Z', '1', '1', 'without-cost'));
  await metering.deliver('customers', metering.batchOf(topics.customers, [aCustomer()]));
});
afterAll(() => metering.close());

/** The supplier asks so many dollars per million tokens; at 7.1 that is what it costs us. */
function atUpstream(upstream: string, input: string, output: string): ProposedVersion['costs'][number] {
  const cny = (usd: string) => Money.of(usd, 'CNY').times('7.1').toText();
  return {
    upstream,
    derivation: {
      official: {
        ...{ currency: 'USD', asOf: '2026-11-22', source: 'the supplier', rates: { input, output } },
        ...{ unitPrices: {}, tiers: [], windows: [] },
      },
      fx: { rate: '7.1', asOf: '2026-11-22', source: 'central parity' },
      discount: { times: '1', dividedBy: '1' },
      rounding: { mode: 'half-up', decimals: 12 },
    },
    terms: {
      ...{ rates: { input: cny(input), output: cny(output) }, fallback: {} },
      ...{ unitPrices: {}, tiers: [], windows: [] },
    },
  };
}

const end = (callId: string, changes: object) =>
  anEnd(callId, { priceVersionId, end: usageEnd(1, 1, ''), ...changes });
const raw = {
  rawUsage: '{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100}',
  usageFamily: 'openai-chat',
};
const accruals = async () => {
  const told = await metering.outboxOf<EventOf<typeof UpstreamCostAccrued> | EventOf<typeof UsageRated>>(
    topics.rated,
  );
  return told.filter((event) => event.type === 'UpstreamCostAccrued');
};
const sum = (amounts: readonly string[]) =>
  Money.sum(
    amounts.map((amount) => Money.of(amount, 'CNY')),
    'CNY',
  ).toText();

describe('what calls cost us', () => {
  it('is rated with the charge, for uncharged calls too, at the upstream that served them, once', async () => {
    const batch = metering.batchOf(topics.calls, [
      // 1000 × ¥20 + 100 × ¥80 per million = ¥0.028; 1000 × ¥7.1 + 100 × ¥28.4 = ¥0.00994
      end('charged', { end: usageEnd(1000, 100, '0.028'), upstream: 'openai', ...raw }),
      // 10 percent more at the other upstream: ¥0.010934
      end('uncharged', { end: { kind: 'uncharged', reason: 'upstream_failed' }, upstream: 'azure', ...raw }),
      end('refused', { end: { kind: 'uncharged', reason: 'upstream_rejected' } }),
      // The next day in Shanghai.
      end('later', { end: usageEnd(1000, 100, '0.028'), admittedAt: '2026-11-22T16:00:00Z', ...raw }),
      // Nobody is charged and nothing is accrued until a person has decided.
      end('wrong', { end: usageEnd(1000, 100, '0.03'), ...raw }),
    ]);
    await metering.deliver('calls', batch);
    await metering.deliver('calls', batch);
    const rows = await metering.margins.report({ from: '2026-11-22', to: '2026-11-23', model: undefined });
    expect(
      rows.map(({ day, upstream, calls, uncharged, charge, cost, margin }) => [
        ...[day, upstream, calls, uncharged, charge, cost, margin],
      ]),
    ).toEqual([
      ['2026-11-22', 'azure', '1', '1', '0', '0.010934', '-0.010934'],
      ['2026-11-22', 'openai', '1', '0', '0.028', '0.00994', '0.01806'],
      ['2026-11-23', 'openai', '1', '0', '0.028', '0.00994', '0.01806'],
    ]);
    const told = await accruals();
    expect(told.map(({ data }) => [data.upstream, data.cost.amount, data.calls, data.bookId]).sort()).toEqual(
      [
        ['azure', '0.010934', 1, 'platform:upstreams-cny:0'],
        ['openai', '0.00994', 1, 'platform:upstreams-cny:0'],
        ['openai', '0.00994', 1, 'platform:upstreams-cny:0'],
      ],
    );
  });

  it('is accrued to the last digit: lines = calls = what the ledger is told, on random calls', async () => {
    const reports = Array.from({ length: 400 }, (_, index) =>
      aReport(`random-${index.toString()}`, {
        occurredAt: new Date(Date.parse('2026-11-01T00:00:00Z') + index * 4_000_000).toISOString(),
        model: index % 7 === 0 ? 'without-cost' : 'gpt-5.5',
        tokens: { input: (index * 7919) % 100_003, output: (index * 104_729) % 7_919 },
      }),
    );
    await metering.recordUsage.handle(reports);
    const recorded = await metering.outboxOf<Recorded>(topics.usage);
    await metering.deliver('usage', metering.batchOf(topics.usage, recorded));
    const rows = await metering.margins.report({ from: '2026-01-01', to: '2026-12-31', model: undefined });
    const told = await accruals();
    const [calls] = await metering.database.query<{ cost: string; charge: string }>(
      `SELECT trim_scale(sum(cost))::text AS cost,
              (SELECT trim_scale(sum(charge))::text FROM usage_quarter) AS charge FROM call_cost`,
    );
    expect(sum(rows.map(({ cost }) => cost))).toBe(sum(told.map(({ data }) => data.cost.amount)));
    expect(sum(rows.map(({ cost }) => cost))).toBe(calls?.cost);
    expect(sum(rows.map(({ charge }) => charge))).toBe(calls?.charge);
    expect(
      rows.filter(({ model }) => model === 'without-cost').map(({ upstream, cost }) => upstream + cost),
    ).toContain('0');
  });

  it('comes with the charge of a call that a person decided', async () => {
    const [waiting] = await metering.database.query<{ event_id: string }>(
      "SELECT event_id FROM quarantine WHERE call_id = 'wrong'",
    );
    const before = (await accruals()).length;
    const place = { customerId: 'cus_1', callId: 'wrong', eventId: waiting?.event_id ?? '' };
    const resolution = {
      action: 'charge',
      reason: 'recomputed',
      tokens: { input: 1000, output: 100 },
      units: {},
    } as const;
    await metering.resolveCall.handle(place, resolution, {
      subject: 'anna',
      clientId: 'finance',
      scopes: new Set(),
    });
    const [accrued] = (await accruals()).slice(before);
    expect(accrued?.data.cost.amount).toBe('0.00994');
  });
});
