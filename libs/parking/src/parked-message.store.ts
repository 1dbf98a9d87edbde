import { Database, type StillParked, type Tx } from '@app/persistence';
import type { Caller } from '@app/transport';
import { Injectable } from '@nestjs/common';
import type { DeedView, ParkedMessageView, ParkedMessageWhole, ParkedQuestion } from './parked-message.ts';
import { unknownMessage } from './parking-problem.ts';

/** A message as it must be handed to its consumer again. */
export interface KeptMessage {
  readonly consumer: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Buffer;
}

/** How many messages of a consumer wait, and since when. */
export interface WaitingMessages {
  readonly consumer: string;
  readonly waiting: number;
  readonly oldestSeconds: number;
}

/** A deed to be written down; a decision names the proposal and its maker. */
export interface NewDeed {
  readonly parkedId: string;
  readonly by: Caller;
  readonly action: DeedView['action'];
  readonly detail: string;
  readonly answers?: { readonly id: string; readonly proposedBy: string };
}

const kept = `consumer, topic, partition, record_offset AS offset, key, headers, value`;
const columns = `id, consumer, topic, partition, record_offset AS offset, key, coalesce(event_id, '') AS "eventId",
  coalesce(subject, '') AS subject, kind, coalesce(last_reason, reason) AS reason, reason AS "firstReason",
  (SELECT count(*) FROM parked_deed d WHERE d.parked_id = m.id AND d.action = 'drive')::integer AS tries,
  status, parked_at AS "parkedAt", ended_at AS "endedAt"`;
type Row = Omit<ParkedMessageView, 'endedAt'> & { readonly endedAt: string | null };
const viewOf = (row: Row): ParkedMessageView => ({ ...row, endedAt: row.endedAt ?? '' });
/** Longer than a drive may take. */
const drivenSeconds = 120;

/** Parked messages and what people did with them. */
@Injectable()
export class ParkedMessageStore {
  constructor(private readonly database: Database) {}

  /** The oldest of those that are asked for, from after the cursor. */
  async list(question: ParkedQuestion): Promise<ParkedMessageView[]> {
    const { status, topic, consumer, kind, reason, cursor, pageSize } = question;
    const rows = await this.database.query<Row>(
      `SELECT ${columns} FROM parked_message m
        WHERE ${status === 'parked' ? `status = 'parked' AND $1 = 'parked'` : `($1 = '' OR status = $1)`}
          AND ($2 = '' OR topic = $2) AND ($3 = '' OR consumer = $3) AND ($4 = '' OR kind = $4)
          AND ($5 = '' OR strpos(lower(coalesce(last_reason, reason)), lower($5)) > 0) AND id > $6
        ORDER BY id LIMIT $7`,
      [status, topic, consumer, kind, reason, cursor, pageSize],
    );
    return rows.map(viewOf);
  }

  /** All that is known of a message; throws a Problem where there is none. */
  async one(id: string): Promise<ParkedMessageWhole> {
    const [row] = await this.database.query<Row & Pick<KeptMessage, 'headers' | 'value'>>(
      `SELECT ${columns}, headers, value FROM parked_message m WHERE id = $1`,
      [id],
    );
    if (row === undefined) throw unknownMessage();
    const { value, headers, ...view } = row;
    return { ...viewOf(view), headers, ...payloadOf(value), deeds: await this.deeds(id) };
  }

  /** Takes a message to drive it; undefined where it does not wait, or somebody drives it at this moment. */
  async take(tx: Tx, id: string): Promise<KeptMessage | undefined> {
    const [row] = await tx.query<KeptMessage>(
      `UPDATE parked_message SET driven_until = clock_timestamp() + make_interval(secs => $2)
        WHERE id = $1 AND status = 'parked' AND (driven_until IS NULL OR driven_until < clock_timestamp())
       RETURNING ${kept}`,
      [id, drivenSeconds],
    );
    return row;
  }

  /** Lets others at it again. */
  async leave(id: string): Promise<void> {
    await this.database.query(
      `UPDATE parked_message SET driven_until = NULL WHERE id = $1 AND status = 'parked'`,
      [id],
    );
  }

  /** Keeps why a message that was driven is parked again. */
  async parkAgain(id: string, by: Caller, { kind, reason }: StillParked): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.query(
        `UPDATE parked_message SET driven_until = NULL, kind = $2, last_reason = $3 WHERE id = $1 AND status = 'parked'`,
        [id, kind, reason],
      );
      await this.write(tx, { parkedId: id, by, action: 'parked-again', detail: reason });
    });
  }

  /** Whether a message waits and nobody drives it; keeps both so for this transaction. */
  async isFree(tx: Tx, id: string): Promise<boolean> {
    const [row] = await tx.query<{ free: boolean }>(
      `SELECT status = 'parked' AND (driven_until IS NULL OR driven_until < clock_timestamp()) AS free
         FROM parked_message WHERE id = $1 FOR UPDATE`,
      [id],
    );
    return row?.free === true;
  }

  async discard(tx: Tx, id: string): Promise<void> {
    await tx.query(
      `UPDATE parked_message SET status = 'discarded', ended_at = clock_timestamp() WHERE id = $1 AND status = 'parked'`,
      [id],
    );
  }

  /** The proposal to discard a message of which nobody has decided. */
  async openProposal(tx: Tx, parkedId: string): Promise<{ id: string; actor: string } | undefined> {
    const [row] = await tx.query<{ id: string; actor: string }>(
      `SELECT id, actor FROM parked_deed d WHERE parked_id = $1 AND action = 'propose-discard'
          AND NOT EXISTS (SELECT 1 FROM parked_deed WHERE answers = d.id)`,
      [parkedId],
    );
    return row;
  }

  async write(tx: Tx, { parkedId, by, action, detail, answers }: NewDeed): Promise<void> {
    await tx.query(
      `INSERT INTO parked_deed (parked_id, actor, client_id, action, detail, answers, proposed_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [parkedId, by.subject, by.clientId, action, detail, answers?.id ?? null, answers?.proposedBy ?? null],
    );
  }

  /** How many wait, by consumer; consumers with none are not in the answer. */
  waiting(): Promise<WaitingMessages[]> {
    return this.database.query<WaitingMessages>(
      `SELECT consumer, count(*)::integer AS waiting,
              extract(epoch FROM clock_timestamp() - min(parked_at))::double precision AS "oldestSeconds"
         FROM parked_message WHERE status = 'parked' GROUP BY consumer`,
    );
  }

  private deeds(parkedId: string): Promise<DeedView[]> {
    return this.database.query<DeedView>(
      `SELECT id, at, actor, client_id AS "clientId", action, detail, coalesce(answers::text, '') AS answers
         FROM parked_deed WHERE parked_id = $1 ORDER BY id`,
      [parkedId],
    );
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function payloadOf(value: Buffer): Pick<ParkedMessageWhole, 'payload' | 'payloadEncoding'> {
  try {
    return { payload: decoder.decode(value), payloadEncoding: 'utf-8' };
  } catch {
    return { payload: value.toString('base64'), payloadEncoding: 'base64' };
  }
}
