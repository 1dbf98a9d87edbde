import type { MeteringApi } from '@app/contracts';

/** A JSON Feed 1.1 (https://jsonfeed.org/version/1.1) of announcements, for any feed reader. */
export function priceFeedOf(changes: readonly MeteringApi.PriceChange[]): PriceFeed {
  return {
    version: 'https://jsonfeed.org/version/1.1',
    title: 'Price changes',
    description:
      'Prices are announced here before they take effect. A call is charged by the price of its time.',
    items: changes.flatMap(itemOf),
  };
}

interface PriceFeed {
  readonly version: string;
  readonly title: string;
  readonly description: string;
  readonly items: readonly FeedItem[];
}

interface FeedItem {
  readonly id: string;
  readonly title: string;
  readonly content_text: string;
  readonly date_published: string;
  readonly tags: readonly string[];
}

function itemOf({ version, previousPriceVersionId, fields }: MeteringApi.PriceChange): FeedItem[] {
  if (!version) return [];
  const news = previousPriceVersionId === '' ? 'first price' : 'new price';
  const lines = fields.map(
    ({ field, before, after }) => `${field}: ${before || 'none'} → ${after || 'none'}`,
  );
  return [
    {
      id: version.priceVersionId,
      title: `${version.model} (${version.rateCard}): ${news} from ${version.effectiveFrom}`,
      content_text: [`In ${version.currency}, rates per million tokens:`, ...lines].join('\n'),
      date_published: version.announcedAt,
      tags: [version.rateCard, version.model],
    },
  ];
}
