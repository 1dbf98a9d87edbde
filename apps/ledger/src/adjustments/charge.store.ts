import { type Entry, Instant, readCanonicalBytes, standingCharge } from '@app/bookkeeping';
import { Database } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import type { ChargeInquiry } from './adjustment-request.ts';
import { AdjustmentStore } from './adjustment.store.ts';

/** A charge as it stands, with the entries that say so. */
export interface FoundCharge extends ChargeInquiry {
  readonly currency: string;
  readonly occurredAt: string;
  readonly entries: readonly Entry[];
}

/** Charges and the top-ups that paid them, found by the ids of their events. */
@Injectable()
export class ChargeStore {
  constructor(
    private readonly database: Database,
    private readonly adjustments: AdjustmentStore,
  ) {}

  /** How a charge stands after its corrections, and what was given for it; undefined where nothing was charged. */
  async find(bookId: string, chargeId: string): Promise<FoundCharge | undefined> {
    const rated = `${chargeId}:rated`;
    const eventIds = [rated, `${rated}:collected`, `${chargeId}:wait-ended`];
    const collectedBy = await this.adjustments.eventIdsAbout(bookId, chargeId);
    const entries = await this.entries(bookId, [...eventIds, ...collectedBy]);
    const [first] = entries;
    const standing = standingCharge(chargeId, entries);
    if (first === undefined || standing === undefined) return undefined;
    const { currency } = first;
    return { standing, currency, occurredAt: Instant.toText(first.occurredAt), entries };
  }

  /** Entries after a version that took money from a top-up. */
  async entriesOfLot(
    bookId: string,
    topUpId: string,
    page: { readonly after: number; readonly limit: number },
  ): Promise<Entry[]> {
    const rows = await this.database.query<{ canonical: Buffer }>(
      `SELECT canonical FROM entry
        WHERE book_id = $1 AND version > $2 AND kind IN ('settle', 'charge', 'charge-collected', 'correction')
          AND position(convert_to($3, 'SQL_ASCII') IN canonical) > 0
        ORDER BY version LIMIT $4`,
      [bookId, page.after, topUpId, page.limit],
    );
    return rows.map(({ canonical }) => readCanonicalBytes(canonical));
  }

  private async entries(bookId: string, eventIds: readonly string[]): Promise<Entry[]> {
    const rows = await this.database.query<{ canonical: Buffer }>(
      'SELECT canonical FROM entry WHERE book_id = $1 AND event_id = ANY($2::text[]) ORDER BY version',
      [bookId, eventIds],
    );
    return rows.map(({ canonical }) => readCanonicalBytes(canonical));
  }
}
