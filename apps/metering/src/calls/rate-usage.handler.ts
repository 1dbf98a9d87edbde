import type { EventOf, UsageRecorded } from '@app/contracts';
import type { Tx } from '@app/persistence';
import { versionAt } from '@app/rating';
import { Injectable } from '@nestjs/common';
import type { Customer } from '../customers/customer.ts';
import { CustomerStore } from '../customers/customer.store.ts';
import { PriceBookStore } from '../prices/price-book.store.ts';
import type { CardModel, VersionPlace } from '../prices/published-version.ts';
import { EndCallsHandler } from './end-calls.handler.ts';
import { endOfReported } from './ended-call.ts';

type Recorded = EventOf<typeof UsageRecorded>;

/** Rates what internal services reported, by the price that was in force when each call was made, however late it comes. */
@Injectable()
export class RateUsageHandler {
  constructor(
    private readonly customers: CustomerStore,
    private readonly book: PriceBookStore,
    private readonly endCalls: EndCallsHandler,
  ) {}

  async handle(tx: Tx, events: readonly Recorded[]): Promise<void> {
    const customers = await this.customers.byId(
      tx,
      events.map(({ data }) => data.customerId),
    );
    const places = await this.placesOf(tx, events, customers);
    const versions = await this.book.byId(
      tx,
      places.flatMap((place) => (place === undefined ? [] : [place.id])),
    );
    const ends = events.map((event, index) =>
      endOfReported(event, {
        customer: customers.get(event.data.customerId),
        version: versions.get(places[index]?.id ?? ''),
      }),
    );
    await this.endCalls.handle(tx, ends);
  }

  /** Where on its customer's card each call finds its price; undefined where nowhere. */
  private async placesOf(
    tx: Tx,
    events: readonly Recorded[],
    customers: Customers,
  ): Promise<readonly Place[]> {
    const wanted = events.map(({ data }): CardModel => {
      return { rateCardId: customers.get(data.customerId)?.rateCardId ?? '', model: data.model };
    });
    const distinct = new Map(wanted.map((one) => [cardModelKey(one), one]));
    const known = byCardModel(await this.book.placesOf(tx, [...distinct.values()]));
    return events.map(({ data }, index) => {
      const one = wanted[index];
      return one && versionAt(known.get(cardModelKey(one)) ?? [], data.occurredAt);
    });
  }
}

type Customers = ReadonlyMap<string, Customer>;
type Place = VersionPlace | undefined;

const cardModelKey = ({ rateCardId, model }: CardModel): string => `${rateCardId}/${model}`;

function byCardModel(places: readonly VersionPlace[]): ReadonlyMap<string, readonly VersionPlace[]> {
  const groups = new Map<string, VersionPlace[]>();
  for (const place of places) {
    const group = groups.get(cardModelKey(place));
    if (group) group.push(place);
    else groups.set(cardModelKey(place), [place]);
  }
  return groups;
}
