import type { Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import type { ProviderNews } from '../channels/payment-channel.ts';

/** A notification that proved itself, and what it came to. */
export interface KeptNotification {
  readonly channel: string;
  readonly news: ProviderNews;
  readonly subjectId: string | undefined;
  readonly outcome: string;
  readonly body: Buffer;
}

/** What providers told and proved, kept sealed as it came: evidence for a dispute, never the key by which repeats are known. */
@Injectable()
export class Notifications {
  async keep(tx: Tx, { channel, news, subjectId, outcome, body }: KeptNotification): Promise<void> {
    await tx.query(
      `INSERT INTO provider_notification (channel, event_key, kind, subject_id, outcome, serial, body)
       VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (channel, event_key) DO UPDATE SET deliveries = provider_notification.deliveries + 1`,
      [channel, news.key, news.kind, subjectId ?? null, outcome, news.serial, body],
    );
  }
}
