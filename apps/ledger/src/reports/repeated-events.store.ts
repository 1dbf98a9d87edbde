import { Database } from '@app/persistence';
import { Injectable } from '@nestjs/common';

/** An event that is in more than one book: somebody told it under two customers. */
export interface RepeatedEvent {
  readonly eventId: string;
  readonly bookIds: readonly string[];
}

/** Finds what the journal itself cannot refuse, for an event id is unique within its book only. */
@Injectable()
export class RepeatedEventStore {
  constructor(private readonly database: Database) {}

  /** Reads every event id once, a sixteenth of them at a time, so that what is sorted stays small. */
  async find(limit: number): Promise<RepeatedEvent[]> {
    const found: RepeatedEvent[] = [];
    for (let part = 0; part < parts && found.length < limit; part += 1) {
      found.push(
        ...(await this.database.query<RepeatedEvent>(repeatedSql, [parts, part, limit - found.length])),
      );
    }
    return found;
  }
}

const parts = 16;
const repeatedSql = `
  SELECT event_id AS "eventId", array_agg(book_id ORDER BY book_id) AS "bookIds" FROM entry
   WHERE hashtext(event_id) & ($1::integer - 1) = $2 GROUP BY event_id HAVING count(*) > 1 ORDER BY event_id LIMIT $3`;
