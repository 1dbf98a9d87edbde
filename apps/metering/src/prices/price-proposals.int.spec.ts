import { topics } from '@app/contracts';
import { Units18 } from '@app/money';
import { rate } from '@app/rating';
import { freshDatabase } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  aCustomer,
  aPrice,
  aReport,
  openMetering,
  type OpenMetering,
  type Recorded,
} from '../../test/open-metering.ts';
import type { PublicationResult } from './price-examination.ts';
import type { ModelImpact } from './price-impact.ts';
import type { ProposedVersion } from './price-publication.ts';

const limits = { METERING_PRICE_CHANGE_PERCENT_MAX: 20, METERING_PRICE_LEAD_SECONDS: 60 };
let url: string;
let metering: OpenMetering;
const calls: ReturnType<typeof aCall>[] = [];

beforeAll(async () => {
  url = await freshDatabase('metering-proposals');
  metering = await openMetering(url, limits);
  await metering.publishPrice.handle(aPrice('2023-01-01T00:00:00Z', '2', '10'));
  await metering.publishPrice.handle(aPrice('2023-01-01T00:00:00Z', '2', '10', 'never-called'));
  await metering.deliver('customers', metering.batchOf(topics.customers, [aCustomer(), elsewhere]));
  for (let index = 0; index < 500; index += 1) calls.push(aCall(index));
  await metering.recordUsage.handle([
    ...calls,
    // Neither too old a call nor one of a customer of another card counts.
    aReport('old', { occurredAt: '2023-06-01T00:00:00Z' }),
    aReport('elsewhere', { occurredAt: ago(60), customerId: elsewhere.subject }),
  ]);
  const recorded = await metering.outboxOf<Recorded>(topics.usage);
  await metering.deliver('usage', metering.batchOf(topics.usage, recorded));
});
afterAll(() => metering.close());

const elsewhere = aCustomer({ customerId: 'cus_2', rateCardId: 'another' });
const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString();
const ago = (seconds: number): string => new Date(Date.now() - seconds * 1_000).toISOString();

/** A call of the last days, some beyond a threshold, some with cached input, at every hour. */
function aCall(index: number) {
  const cached = index % 3 === 0 ? 17 * index : 0;
  const tokens = { input: 1 + 313 * index, cached_input: cached, output: 1 + ((index * 7919) % 997) };
  return aReport(`call-${index.toString()}`, { occurredAt: ago(3_600 + index * 1_000), tokens });
}

/** What the calls come to one by one, which is what they would have been charged. */
function oneByOne(version: ProposedVersion): string {
  const charges = calls.map(({ tokens, occurredAt }) => {
    const rated = rate(
      { tokens, units: {}, source: 'recorded', estimated: false },
      { ...version, id: 'prv_new' },
      occurredAt,
    );
    if (!rated.accepted) throw new Error(rated.refusal.code);
    return Units18.fromText(rated.events[0].amount);
  });
  return Units18.toText(Units18.sum(charges));
}

async function impactOf(version: ProposedVersion): Promise<ModelImpact> {
  const { examination } = await metering.publishPrices.examine([version]);
  const [impact] = examination.impact.models;
  if (impact === undefined) throw new Error(JSON.stringify(examination));
  return impact;
}

const publish = (version: ProposedVersion, by: string): Promise<PublicationResult> =>
  metering.publishPrices.handle({ versions: [version], by, reason: 'the supplier raised its price' });

async function proposalOf(version: ProposedVersion, by: string): Promise<string> {
  const result = await publish(version, by);
  if (result.outcome !== 'waits') throw new Error(`not a proposal: ${result.outcome}`);
  return result.proposalId;
}

const versions = () => metering.book.list({ rateCardIds: ['card'], model: 'gpt-5.5' });

describe('the predicted change of revenue', () => {
  it('is what the calls of the last seven days would have cost, to the last digit, by the roll-ups', async () => {
    const version = aPrice(inAnHour(), '2.1', '10.000000000001');
    const impact = await impactOf(version);
    expect(impact).toMatchObject({ method: 'roll-ups', calls: '500', predicted: oneByOne(version) });
    expect(impact.charged).toBe(oneByOne(aPrice('2023-01-01T00:00:00Z', '2', '10')));
    const difference = Units18.subtract(Units18.fromText(impact.predicted), Units18.fromText(impact.charged));
    expect(impact.change).toBe(Units18.toText(difference));
  });

  it('is as exact where tiers and hours decide, by the calls themselves', async () => {
    const version: ProposedVersion = {
      ...aPrice(inAnHour(), '2', '10'),
      tiers: [
        { overInputTokens: 30_000, rates: { input: '3' } },
        { overInputTokens: 100_000, rates: { input: '4' } },
      ],
      windows: [
        { fromUtc: '01:07', toUtc: '04:00', rates: { output: '20' } },
        { fromUtc: '23:30', toUtc: '00:30', rates: { output: '30' } },
      ],
    };
    expect(await impactOf(version)).toMatchObject({
      method: 'calls',
      calls: '500',
      predicted: oneByOne(version),
    });
  });

  it('counts every call as one request where requests have a price', async () => {
    const version = { ...aPrice(inAnHour(), '2', '10'), unitPrices: { request: '0.01' } };
    expect((await impactOf(version)).change).toBe('5');
  });

  it('says what would have no price any more, which a second person has to want', async () => {
    const version = { ...aPrice(inAnHour(), '2', '10'), fallback: {} };
    const { examination } = await metering.publishPrices.examine([version]);
    expect(examination.impact.models[0]?.unpriced).toMatchObject([{ kind: 'cached_input' }]);
    expect(examination.needsApproval).toBe(true);
  });

  it('is judged by the prices themselves where nobody called yet', async () => {
    const examine = async (input: string) =>
      (await metering.publishPrices.examine([aPrice(inAnHour(), input, '10', 'never-called')])).examination;
    expect((await examine('2.4')).needsApproval).toBe(false);
    expect((await examine('20')).impact.models).toMatchObject([{ calls: '0', priceChangePercent: '900.00' }]);
    expect((await examine('20')).needsApproval).toBe(true);
  });
});

describe('a publication within the limit', () => {
  it('needs one person', async () => {
    const result = await publish(aPrice(inAnHour(), '2.2', '11'), 'anna');
    expect(result).toMatchObject({
      outcome: 'published',
      published: [{ publishedBy: 'anna', proposalId: null }],
    });
  });
});

describe('a publication beyond the limit', () => {
  it('waits, publishes nothing, and asks for a reason', async () => {
    const version = aPrice(inAnHour(), '20', '10');
    const before = await versions();
    const id = await proposalOf(version, 'anna');
    expect(await proposalOf(version, 'anna')).toBe(id);
    expect(await versions()).toEqual(before);
    const mute = metering.publishPrices.handle({ versions: [version], by: 'bert', reason: undefined });
    await expect(mute).rejects.toMatchObject({ details: { field: 'reason' } });
    expect(await metering.proposals.one(id)).toMatchObject({
      ...{ status: 'pending', proposedBy: 'anna', limitPercent: '20' },
      impact: { models: [{ model: 'gpt-5.5', predicted: oneByOne(version) }] },
    });
  });

  it('is published by another person, for exactly these bytes, once', async () => {
    const version = aPrice(inAnHour(), '21', '10');
    const id = await proposalOf(version, 'anna');
    const { payloadSha256 } = await metering.proposals.one(id);
    const decision = { payloadSha256, reason: 'agreed with sales' };
    await expect(metering.proposals.approve(id, 'anna', decision)).rejects.toMatchObject({
      code: 'forbidden',
    });
    const other = { ...decision, payloadSha256: '0'.repeat(64) };
    await expect(metering.proposals.approve(id, 'bert', other)).rejects.toMatchObject({
      details: { code: 'different-request', field: 'payloadSha256' },
    });
    const both = await Promise.allSettled([
      metering.proposals.approve(id, 'bert', decision),
      metering.proposals.approve(id, 'carl', decision),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await metering.proposals.one(id)).toMatchObject({
      status: 'published',
      decisionReason: 'agreed with sales',
    });
    const published = (await versions()).filter(({ version: one }) => one.rates.input === '21');
    expect(published.map(({ version: one }) => [one.publishedBy, one.proposalId])).toEqual([['anna', id]]);
  });

  it('is never approved by who proposed it, not even in the database, and what was decided stays', async () => {
    const id = await proposalOf(aPrice(inAnHour(), '22', '10'), 'anna');
    const itself = metering.database.query(
      `INSERT INTO price_decision (proposal_id, payload_sha256, proposed_by, expires_at, verdict, reason, decided_by)
       SELECT proposal_id, payload_sha256, proposed_by, expires_at, 'approved', 'why not', 'anna'
         FROM price_proposal WHERE proposal_id = $1`,
      [id],
    );
    await expect(itself).rejects.toThrow('two_people');
    for (const table of ['price_proposal', 'price_decision', 'price_outcome'])
      await expect(metering.database.query(`DELETE FROM ${table}`)).rejects.toThrow(
        'never changed or taken back',
      );
  });

  it('is not published where its time has come before the second person decided', async () => {
    const id = await proposalOf(aPrice(inAnHour(), '23', '10'), 'anna');
    const { payloadSha256 } = await metering.proposals.one(id);
    // As if almost an hour had gone by: a change must be announced two hours ahead from now on.
    const later = await openMetering(url, { ...limits, METERING_PRICE_LEAD_SECONDS: 7_200 });
    const late = later.proposals.approve(id, 'bert', { payloadSha256, reason: 'a bit late' });
    await expect(late).rejects.toMatchObject({ details: { code: 'price-too-soon' } });
    await later.close();
    expect(await metering.proposals.one(id)).toMatchObject({ status: 'refused' });
    expect((await versions()).filter(({ version }) => version.rates.input === '23')).toEqual([]);
  });

  it('comes to nothing when it is rejected', async () => {
    const id = await proposalOf(aPrice(inAnHour(), '24', '10'), 'anna');
    const { payloadSha256 } = await metering.proposals.one(id);
    const rejected = await metering.proposals.reject(id, 'bert', { payloadSha256, reason: 'too much' });
    expect(rejected).toMatchObject({ status: 'rejected', decidedBy: 'bert' });
    const again = metering.proposals.approve(id, 'bert', { payloadSha256, reason: 'or not' });
    await expect(again).rejects.toMatchObject({ code: 'wrong-status' });
    const { proposals } = await metering.proposals.list({ status: 'rejected', cursor: '', pageSize: 10 });
    expect(proposals.map(({ proposalId }) => proposalId)).toEqual([id]);
  });
});
