import { type EventOf, PriceVersionPublished, topics } from '@app/contracts';
import { Database, newId, Outbox, type Tx } from '@app/persistence';
import { compareInstants } from '@app/rating';
import { Injectable } from '@nestjs/common';
import { PriceBookStore } from './price-book.store.ts';
import { type ProposedVersion, publication, type PublicationRefusal } from './price-publication.ts';
import type { PublishedVersion } from './published-version.ts';

/** What publishing came to. */
export type PublicationResult =
  | { readonly published: PublishedVersion; readonly repeated: boolean }
  | { readonly refusal: PublicationRefusal };

/** Publishes a price version: one row that is never changed, and its event, in one transaction. */
@Injectable()
export class PublishPriceHandler {
  constructor(
    private readonly database: Database,
    private readonly book: PriceBookStore,
    private readonly outbox: Outbox,
  ) {}

  handle(proposed: ProposedVersion): Promise<PublicationResult> {
    return this.database.transaction((tx) => this.publish(tx, proposed));
  }

  private async publish(tx: Tx, proposed: ProposedVersion): Promise<PublicationResult> {
    await this.book.lockCard(tx, proposed.rateCardId);
    const [versions, rated, now] = [
      await this.book.versionsOn(tx, proposed.rateCardId),
      await this.book.wasRatedOn(tx, proposed.rateCardId),
      await this.book.now(tx),
    ];
    const decision = publication(proposed, { versions, rated, now });
    if (!decision.accepted) return { refusal: decision.refusal };
    const [accepted] = decision.events;
    if (accepted === undefined) return { published: samePlace(versions, proposed), repeated: true };
    const published = { ...accepted, id: newId('prv'), announcedAt: now };
    await this.book.append(tx, published);
    await this.outbox.add(tx, topics.prices.name, [eventOf(published)], keyOf);
    return { published, repeated: false };
  }
}

function samePlace(versions: readonly PublishedVersion[], proposed: ProposedVersion): PublishedVersion {
  const same = versions.find(
    ({ model, effectiveFrom }) =>
      model === proposed.model && compareInstants(effectiveFrom, proposed.effectiveFrom) === 0,
  );
  if (same === undefined) throw new TypeError('a repeated publication has a version of the same instant');
  return same;
}

type Published = EventOf<typeof PriceVersionPublished>;

const keyOf = ({ data }: Published): string => `${data.rateCardId}/${data.model}/${data.priceVersionId}`;

function eventOf(version: PublishedVersion): Published {
  const { id, rateCardId, model, currency, effectiveFrom, announcedAt, limits } = version;
  const { rates, fallback, unitPrices, tiers, windows } = version;
  const data = PriceVersionPublished.schema.parse({
    ...{ priceVersionId: id, rateCardId, model, currency, effectiveFrom, announcedAt, limits },
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
