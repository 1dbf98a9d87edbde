import { Money } from '@app/money';
import { IdentityProvider, ServiceTokens } from '@app/transport';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../src/eventually.ts';
import { runningPlatform, type RunningPlatform } from './running-platform.ts';

let platform: RunningPlatform;
let operator: ServiceTokens;
let checker: ServiceTokens;

beforeAll(async () => {
  platform = await runningPlatform('prices', {
    metering: { METERING_PUBLIC_RATE_CARDS: 'standard,hk,public' },
  });
  const identity = new IdentityProvider(setting('OIDC_ISSUER'));
  const tokensOf = (name: string) =>
    new ServiceTokens(identity, {
      clientId: setting(`${name}_CLIENT_ID`),
      clientSecret: setting(`${name}_CLIENT_SECRET`),
    });
  operator = tokensOf('OPERATOR');
  checker = tokensOf('FINANCE_CHECKER');
}, 180_000);
afterAll(() => platform.stop(), 60_000);

const setting = (name: string): string => platform.environment[name] ?? '';

/** Asks the gateway; with a body it posts. */
async function ask(path: string, by?: ServiceTokens, body?: unknown) {
  const answer = await fetch(setting('GATEWAY_HTTP_URL') + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...(by === undefined ? {} : { authorization: `Bearer ${await by.bearer()}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      'idempotency-key': JSON.stringify(body ?? path)
        .slice(0, 100)
        .replaceAll(/[^a-z0-9]/gi, ''),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return {
    status: answer.status,
    type: answer.headers.get('content-type') ?? '',
    body: (await answer.json()) as Record<string, unknown>,
  };
}

const official = (input: string, output: string) => ({
  official: { currency: 'USD', asOf: '2026-11-20', source: 'the supplier', rates: { input, output } },
  fx: { rate: '7.1', asOf: '2026-11-20', source: 'central parity' },
});
const price = (input: string, effectiveFrom: string) => ({
  ...{ model: 'gpt-4', currency: 'CNY', effectiveFrom },
  derivation: official(input, '60'),
  costs: [{ upstream: 'openai', derivation: official('20', '40') }],
});
const prices = '/api/metering/v1/rate-cards/public/price-versions';

describe('a price', () => {
  it('is published from its inputs and read by everyone, without what it costs us', async () => {
    const first = await ask(prices, operator, price('30', '2023-01-01T00:00:00Z'));
    expect([first.status, first.body]).toMatchObject([
      201,
      { outcome: 'published', versions: [{ basis: 'derived', rates: { input: '213', output: '426' } }] },
    ]);
    const read = await ask('/v1/pricing?card=public');
    expect(read.body).toMatchObject({
      data: [{ rate_card: 'public', model: 'gpt-4', rates: { input: '213', output: '426' } }],
    });
    expect(JSON.stringify(read.body)).not.toContain('openai');
    expect((await ask('/v1/pricing?card=secret')).body).toMatchObject({ error: { param: 'card' } });
  });

  it('is changed by two people where it moves revenue, and announced before it takes effect', async () => {
    await useIt();
    const soon = {
      ...price('60', new Date(Date.now() + 30_000).toISOString()),
      reason: 'the supplier doubled it',
    };
    expect((await ask(prices, operator, soon)).body).toMatchObject({
      code: 'price-too-soon',
      field: 'effectiveFrom',
    });
    const next = { ...soon, effectiveFrom: new Date(Date.now() + 86_400_000).toISOString() };
    const waits = await ask(prices, operator, next);
    expect([waits.status, waits.body]).toMatchObject([
      202,
      {
        impact: { models: [{ calls: '100', charged: '10.65', predicted: '17.04', changePercent: '60.00' }] },
      },
    ]);
    const proposal = `/api/metering/v1/price-proposals/${String(waits.body['proposalId'])}`;
    const { payloadSha256 } = (await ask(proposal, checker)).body;
    const decision = { payloadSha256, reason: 'agreed' };
    expect((await ask(`${proposal}/approve`, operator, decision)).status).toBe(403);
    expect((await ask(`${proposal}/approve`, checker, decision)).body).toMatchObject({ status: 'published' });
    const { body } = await ask('/v1/pricing/changes?card=public&limit=1');
    expect(body).toMatchObject({
      data: [{ model: 'gpt-4', changes: [{ field: 'rates.input', before: '213', after: '426' }] }],
      has_more: true,
    });
    const feed = await ask('/v1/pricing/feed.json?card=public');
    expect(feed.type).toContain('application/feed+json');
    expect(feed.body).toMatchObject({
      version: 'https://jsonfeed.org/version/1.1',
      items: [{ tags: ['public', 'gpt-4'] }, { tags: ['public', 'gpt-4'] }],
    });
  });

  it('leaves a margin whose cost is the ledger’s upstream cost, to the last digit', async () => {
    const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
    const margins = await ask(`/api/metering/v1/margins?from=${day(-2)}&to=${day(2)}`, operator);
    // 300 × $20 and 100 × $40 per million, at 7.1, a hundred times.
    expect(margins.body['totals']).toEqual([
      { currency: 'CNY', charge: '10.65', cost: '7.1', margin: '3.55' },
    ]);
    const balance = await eventually(
      () => ask('/api/ledger/v1/trial-balance', operator),
      ({ body }) => JSON.stringify(body).includes('expense:upstream'),
    );
    const lines = balance.body['lines'] as { account: string; debit: string; credit: string }[];
    const accrued = lines
      .filter(({ account }) => account === 'expense:upstream')
      .map(({ debit, credit }) => Money.of(debit, 'CNY').minus(Money.of(credit, 'CNY')).toText());
    expect(accrued).toEqual(['7.1']);
  });

  /** A hundred calls of 300 tokens in and 100 out by a customer of the card. */
  async function useIt(): Promise<void> {
    const { body } = await ask('/v1/admin/customers', operator, {
      ...{ name: 'Margin', plan: 'hk-credit', rateCardId: 'public' },
    });
    const reports = Array.from({ length: 100 }, (_, index) => ({
      ...{
        specversion: '1.0',
        type: 'haoli.UsageReported.v1',
        source: 'flow',
        id: `call-${index.toString()}`,
      },
      ...{ subject: body['customerId'], time: new Date().toISOString() },
      data: { model: 'gpt-4', tokens: { input: 300, output: 100 } },
    }));
    await eventually(
      () => ask('/api/metering/v1/usage-records', operator, reports),
      (answer) => answer.body['refused'] === 0,
    );
    const today = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
    await eventually(
      () => ask(`/api/metering/v1/margins?from=${today}&to=${today}`, operator),
      (answer) =>
        (answer.body['lines'] as { calls: string }[]).reduce((sum, { calls }) => sum + Number(calls), 0) ===
        100,
    );
  }
});
