import { Id } from '@app/contracts';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { parsed } from '../parsed.ts';
import { EntryStore, type EntryPage, type JournalPlace } from './entry.store.ts';

const pageDefault = 50;
const pageMax = 500;

/** A page size; zero, as protobuf says it, means the usual one. */
const PageSize = z.coerce
  .number()
  .int()
  .min(0)
  .max(pageMax, `a page has at most ${pageMax} entries`)
  .default(0)
  .transform((size) => size || pageDefault);

const BookQuestion = z.object({ bookId: Id, pageSize: PageSize, cursor: z.string().max(64).default('') });
const JournalQuestion = z.object({ pageSize: PageSize, cursor: z.string().max(64).default('') });

/** Questions about entries, whichever door they come through. */
@Injectable()
export class EntriesHandler {
  constructor(private readonly entries: EntryStore) {}

  /** The entries of a book, in its order. */
  ofBook(given: z.input<typeof BookQuestion>): Promise<EntryPage> {
    const { bookId, pageSize, cursor } = parsed(BookQuestion, given);
    if (!/^\d{0,15}$/.test(cursor)) throw notACursor();
    return this.entries.ofBook(bookId, Number(cursor || '0'), pageSize);
  }

  /** The entries of all books, in the order of publication. */
  ofJournal(given: z.input<typeof JournalQuestion>): Promise<EntryPage> {
    const { pageSize, cursor } = parsed(JournalQuestion, given);
    return this.entries.ofJournal(placeOf(cursor), pageSize);
  }
}

function placeOf(cursor: string): JournalPlace {
  if (cursor === '') return { xid: '0', position: '0' };
  const [, xid, position] = /^(\d{1,20})\.(\d{1,10})$/.exec(cursor) ?? [];
  if (xid === undefined || position === undefined) throw notACursor();
  return { xid, position };
}

const notACursor = (): Problem =>
  new Problem({
    code: 'invalid-request',
    field: 'cursor',
    detail: 'cursor: is not one that this list gave.',
    remedy: 'Give nextCursor of the page before, or nothing for the first page.',
  });
