import { Code, Id, InstantText } from '@app/contracts';
import { Problem } from '@app/transport';
import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type MeteringSettings, meteringSettingsToken } from '../metering-settings.ts';
import { type Announcement, PriceBookStore } from './price-book.store.ts';
import { fieldChanges } from './price-change.ts';
import { type PriceChanges, type PriceChangeView, type PublishedPrice, viewOf } from './price-view.ts';

/** Which prices: a card, or every public one. */
export const PricesQuestion = z.object({ card: Code.optional() });
/** Which announcements. */
export const ChangesQuestion = PricesQuestion.extend({
  since: InstantText.optional().describe('Announced at this instant or later.'),
  cursor: z.string().max(200).default(''),
  pageSize: z.coerce.number().int().min(1).max(500).default(50),
});
export type ChangesQuestion = z.infer<typeof ChangesQuestion>;

/** What everyone may read of the price book: public cards, or the one that a caller who may names. */
@Injectable()
export class ReadPricesHandler {
  constructor(
    private readonly book: PriceBookStore,
    @Inject(meteringSettingsToken)
    private readonly settings: Pick<MeteringSettings, 'METERING_PUBLIC_RATE_CARDS'>,
  ) {}

  /** The card, where it is public; throws not-found otherwise, alike for private and unknown ones. */
  publicCard(card: string | undefined): string | undefined {
    if (card === undefined || this.settings.METERING_PUBLIC_RATE_CARDS.includes(card)) return card;
    throw new Problem({
      code: 'not-found',
      field: 'card',
      detail: 'There is no public rate card of that name.',
      remedy: `Public cards: ${this.settings.METERING_PUBLIC_RATE_CARDS.join(', ')}.`,
    });
  }

  /** Versions in force now and those announced for later. */
  async prices(card: string | undefined): Promise<readonly PublishedPrice[]> {
    const listed = await this.book.list({ rateCardIds: this.cardsOf(card), from: 'now' });
    return listed.map(({ version, effectiveTo }) => viewOf(version, effectiveTo));
  }

  /** What was announced, the latest first. */
  async changes({ card, since, cursor, pageSize }: ChangesQuestion): Promise<PriceChanges> {
    const rows = await this.book.announcements({
      ...{ rateCardIds: this.cardsOf(card), since, before: placeOf(cursor), limit: pageSize + 1 },
    });
    const page = rows.slice(0, pageSize);
    const last = rows.length > pageSize ? page.at(-1)?.version : undefined;
    const nextCursor = last === undefined ? '' : `${last.announcedAt}/${last.id}`;
    return { changes: page.map(changeOf), nextCursor };
  }

  private cardsOf(card: string | undefined): readonly string[] {
    return card === undefined ? this.settings.METERING_PUBLIC_RATE_CARDS : [card];
  }
}

function changeOf({ version, effectiveTo, before }: Announcement): PriceChangeView {
  return {
    version: viewOf(version, effectiveTo),
    previousPriceVersionId: before?.id ?? null,
    fields: [...fieldChanges(before, version)],
  };
}

function placeOf(cursor: string): { readonly announcedAt: string; readonly id: string } | undefined {
  if (cursor === '') return undefined;
  const [announcedAt = '', id = ''] = cursor.split('/');
  if (InstantText.safeParse(announcedAt).success && Id.safeParse(id).success) return { announcedAt, id };
  throw new Problem({
    code: 'invalid-request',
    field: 'cursor',
    detail: 'The cursor is not one that this list gave.',
    remedy: 'Leave it out to begin at the latest announcement.',
  });
}
