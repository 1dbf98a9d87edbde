import { createHash } from 'node:crypto';
import { canonicalText, type EventOf, PriceVersionPublished, topics } from '@app/contracts';
import { metrics } from '@app/observability';
import { Database, newId, Outbox, type Tx } from '@app/persistence';
import { Problem } from '@app/transport';
import { Inject, Injectable } from '@nestjs/common';
import { type MeteringSettings, meteringSettingsToken } from '../metering-settings.ts';
import { PriceBookStore } from './price-book.store.ts';
import {
  type Cards,
  type Examination,
  examined,
  type ExaminedVersion,
  type PublicationRequest,
  type PublicationResult,
  takenOverFrom,
} from './price-examination.ts';
import { beyondLimit, impactOf, type ModelImpact, totalImpact } from './price-impact.ts';
import { PriceImpactStore } from './price-impact.store.ts';
import { PriceProposalStore } from './price-proposal.store.ts';
import type { CardState, ProposedVersion } from './price-publication.ts';
import type { PublishedVersion } from './published-version.ts';

const proposals = metrics.counter({
  name: 'metering_price_proposals_total',
  help: 'Publications that were beyond what one person may decide.',
});
const proposalExpiryDays = 7;

/** Publishes price versions: rows that are never changed, and their events, in one transaction. */
@Injectable()
export class PublishPricesHandler {
  constructor(
    private readonly database: Database,
    private readonly book: PriceBookStore,
    private readonly impacts: PriceImpactStore,
    private readonly proposals: PriceProposalStore,
    private readonly outbox: Outbox,
    @Inject(meteringSettingsToken) private readonly settings: PriceSettings,
  ) {}

  /** Publishes, or keeps a proposal where the predicted change of revenue is beyond the limit. */
  handle(request: PublicationRequest): Promise<PublicationResult> {
    return this.database.transaction(async (tx) => {
      const examination = await this.examineIn(tx, request.versions, request.by !== null);
      if (examination.versions.some(({ refusal }) => refusal !== undefined))
        return { outcome: 'refused', examination };
      if (examination.needsApproval && request.by !== null)
        return { outcome: 'waits', proposalId: await this.propose(tx, request, examination), examination };
      const published = await this.append(tx, examination, { publishedBy: request.by, proposalId: null });
      return { outcome: 'published', published, examination };
    });
  }

  /** What `handle` would do, without doing it. */
  async examine(versions: readonly ProposedVersion[]): Promise<PublicationResult> {
    const examination = await this.database.transaction((tx) => this.examineIn(tx, versions, true));
    const isRefused = examination.versions.some(({ refusal }) => refusal !== undefined);
    return { outcome: isRefused ? 'refused' : 'examined', examination };
  }

  /** Publishes what a second person approved, in the transaction of the approval; refusals where its time has come meanwhile. */
  async publishApproved(
    tx: Tx,
    versions: readonly ProposedVersion[],
    by: { readonly publishedBy: string; readonly proposalId: string },
  ): Promise<Examination> {
    const examination = await this.examineIn(tx, versions, false);
    if (examination.versions.every(({ refusal }) => refusal === undefined))
      await this.append(tx, examination, by);
    return examination;
  }

  private async examineIn(
    tx: Tx,
    proposed: readonly ProposedVersion[],
    measured: boolean,
  ): Promise<Examination> {
    const cards = await this.lockedCards(tx, proposed);
    const impact = totalImpact(measured ? await this.measure(tx, examined(proposed, cards), cards) : []);
    // Measuring takes its time, and how soon a price may change is counted from the announcement.
    const now = measured ? await this.lockedCards(tx, proposed) : cards;
    const limitPercent = this.settings.METERING_PRICE_CHANGE_PERCENT_MAX;
    const needsApproval = beyondLimit(impact, limitPercent).length > 0;
    return { versions: examined(proposed, now), impact, needsApproval, limitPercent };
  }

  private async measure(tx: Tx, versions: readonly ExaminedVersion[], cards: Cards): Promise<ModelImpact[]> {
    const models: ModelImpact[] = [];
    for (const { version, published, refusal } of versions) {
      if (published !== undefined || refusal !== undefined) continue;
      models.push(impactOf(version, takenOverFrom(version, cards), await this.impacts.measure(tx, version)));
    }
    return models;
  }

  /** Cards are locked in one order, so that two publications never wait for each other. */
  private async lockedCards(tx: Tx, proposed: readonly ProposedVersion[]): Promise<Cards> {
    const ids = [...new Set(proposed.map(({ rateCardId }) => rateCardId))].sort();
    const cards = new Map<string, CardState>();
    for (const id of ids) {
      await this.book.lockCard(tx, id);
      cards.set(id, await this.book.cardState(tx, id, this.settings.METERING_PRICE_LEAD_SECONDS));
    }
    return cards;
  }

  private async append(
    tx: Tx,
    { versions }: Examination,
    by: Pick<PublishedVersion, 'publishedBy' | 'proposalId'>,
  ): Promise<readonly PublishedVersion[]> {
    const announcedAt = await this.book.now(tx);
    const all = versions.map(
      ({ version, published }) => published ?? { ...version, ...by, id: newId('prv'), announcedAt },
    );
    const fresh = all.filter((_, index) => versions[index]?.published === undefined);
    for (const version of fresh) await this.book.append(tx, version);
    await this.outbox.add(tx, topics.prices.name, fresh.map(eventOf), keyOf);
    return all;
  }

  private async propose(tx: Tx, request: PublicationRequest, examination: Examination): Promise<string> {
    if (request.reason === undefined) throw reasonMissing(examination);
    const payload = canonicalText(request.versions);
    const payloadSha256 = createHash('sha256').update(payload).digest('hex');
    const proposedBy = request.by ?? '';
    const pending = await this.proposals.pendingFor(tx, payloadSha256, proposedBy);
    if (pending !== undefined) return pending;
    const proposalId = newId('prp');
    const { impact, limitPercent } = examination;
    await this.proposals.add(tx, {
      ...{ proposalId, payload, payloadSha256, impact, limitPercent, proposedBy, reason: request.reason },
      expiryDays: proposalExpiryDays,
    });
    tx.afterCommit(() => {
      proposals.inc();
    });
    return proposalId;
  }
}

type PriceSettings = Pick<
  MeteringSettings,
  'METERING_PRICE_CHANGE_PERCENT_MAX' | 'METERING_PRICE_LEAD_SECONDS'
>;

type Published = EventOf<typeof PriceVersionPublished>;

const keyOf = ({ data }: Published): string => `${data.rateCardId}/${data.model}/${data.priceVersionId}`;

function eventOf(version: PublishedVersion): Published {
  const { id, rateCardId, model, currency, effectiveFrom, announcedAt, limits, basis, derivation } = version;
  const { rates, fallback, unitPrices, tiers, windows } = version;
  const data = PriceVersionPublished.schema.parse({
    ...{
      priceVersionId: id,
      rateCardId,
      model,
      currency,
      effectiveFrom,
      announcedAt,
      limits,
      basis,
      derivation,
    },
    terms: { rates, fallback, unitPrices, tiers, windows },
  });
  return {
    id: `${id}:published`,
    type: 'PriceVersionPublished',
    source: 'haoli/metering',
    time: announcedAt,
    subject: `${rateCardId}/${model}`,
    data,
  };
}

function reasonMissing({ impact, limitPercent }: Examination): Problem {
  const beyond = beyondLimit(impact, limitPercent).map(({ rateCardId, model }) => `${rateCardId}/${model}`);
  return new Problem({
    code: 'invalid-request',
    field: 'reason',
    detail: `The change of ${beyond.join(', ')} is beyond ${limitPercent.toString()} percent, so a second person has to approve it.`,
    remedy: 'Say why, for the person who decides; a dry run shows the figures.',
  });
}
