import { Database } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import type { Rows } from '../journal/rows.ts';

/** An open hold by its name. */
export interface OpenHold {
  readonly customerId: string;
  readonly holdId: string;
}

/** What the ledger knows of open holds beside the journal: their gateways' leases, and whether their calls finished. */
@Injectable()
export class HoldStore {
  constructor(private readonly database: Database) {}

  /** Says that the calls of these holds finished. Sorted, so that two readers never wait for each other. */
  async handOver(tx: Rows, holds: readonly OpenHold[]): Promise<void> {
    if (holds.length === 0) return;
    await tx.query(
      `WITH finished AS (
         SELECT h.book_id, h.hold_id FROM hold h
           JOIN unnest($1::text[], $2::text[]) AS i (book_id, hold_id) ON h.book_id = i.book_id AND h.hold_id = i.hold_id
          WHERE h.finished_at IS NULL ORDER BY h.book_id, h.hold_id FOR UPDATE OF h)
       UPDATE hold h SET finished_at = clock_timestamp() FROM finished f WHERE h.book_id = f.book_id AND h.hold_id = f.hold_id`,
      [holds.map(({ customerId }) => customerId), holds.map(({ holdId }) => holdId)],
    );
  }

  /** Renews the lease of a gateway and says until when it holds. */
  async renewLease(leaseId: string, seconds: number): Promise<string> {
    const [row] = await this.database.query<{ leased_until: string }>(
      `INSERT INTO lease (lease_id, renewed_at, leased_until)
       VALUES ($1, clock_timestamp(), clock_timestamp() + make_interval(secs => $2))
       ON CONFLICT (lease_id) DO UPDATE SET renewed_at = excluded.renewed_at, leased_until = excluded.leased_until
       RETURNING leased_until`,
      [leaseId, seconds],
    );
    return row?.leased_until ?? '';
  }

  /**
   * Holds whose time is over, whose call has not finished, and whose gateway was not heard of for so long. No call lasts a day:
   * a hold that is a day over its time was lost by a gateway that lives on, and would freeze its customer's money for ever.
   */
  expired(silenceSeconds: number, limit: number): Promise<OpenHold[]> {
    return this.database.query<OpenHold>(
      `SELECT h.book_id AS "customerId", h.hold_id AS "holdId" FROM hold h LEFT JOIN lease l ON l.lease_id = h.lease_id
        WHERE h.finished_at IS NULL AND h.expires_at <= clock_timestamp()
          AND (l.renewed_at IS NULL OR l.renewed_at < clock_timestamp() - make_interval(secs => $1)
               OR h.expires_at < clock_timestamp() - interval '1 day')
        ORDER BY h.expires_at LIMIT $2`,
      [silenceSeconds, limit],
    );
  }

  /** Holds whose call finished so long ago and was never rated. */
  unrated(quarantineSeconds: number, limit: number): Promise<OpenHold[]> {
    return this.database.query<OpenHold>(
      `SELECT book_id AS "customerId", hold_id AS "holdId" FROM hold
        WHERE finished_at < clock_timestamp() - make_interval(secs => $1) ORDER BY finished_at LIMIT $2`,
      [quarantineSeconds, limit],
    );
  }

  /** Waiting charges whose time is over. */
  overdueCharges(limit: number): Promise<{ readonly customerId: string; readonly chargeId: string }[]> {
    return this.database.query(
      `SELECT book_id AS "customerId", charge_id AS "chargeId" FROM waiting_charge
        WHERE waits_until <= clock_timestamp() ORDER BY waits_until LIMIT $1`,
      [limit],
    );
  }

  /** Forgets leases that no open hold can depend on any more. */
  async forgetOldLeases(): Promise<void> {
    await this.database.query(
      `DELETE FROM lease l WHERE l.renewed_at < clock_timestamp() - interval '1 day'
         AND NOT EXISTS (SELECT 1 FROM hold h WHERE h.lease_id = l.lease_id)`,
    );
  }
}
