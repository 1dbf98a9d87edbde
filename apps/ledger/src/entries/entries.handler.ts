import { AccountId, Code, Id, InstantText } from '@app/contracts';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { parsed } from '../parsed.ts';
import {
  EntryStore,
  type EntryFilter,
  type EntryPage,
  type JournalPlace,
  type PageAsked,
} from './entry.store.ts';

const pageDefault = 50;
const pageMax = 500;
const lookAtMax = 10_000;

/** A page size; zero, as protobuf says it, means the usual one. */
const PageSize = z.coerce
  .number()
  .int()
  .min(0)
  .max(pageMax, `a page has at most ${pageMax} entries`)
  .default(0)
  .transform((size) => size || pageDefault);

const Bound = z.union([InstantText, z.literal('')]).default('');

/** Which entries; all of it may be left out. */
export const EntryFilterQuestion = z.object({
  kind: z.union([Code, z.literal('')]).default(''),
  account: z.union([AccountId, z.literal('')]).default(''),
  eventId: z.union([Id, z.literal('')]).default(''),
  occurredFrom: Bound,
  occurredTo: Bound,
  recordedFrom: Bound,
  recordedTo: Bound,
});
const JournalQuestion = z.object({
  pageSize: PageSize,
  cursor: z.string().max(64).default(''),
  filter: EntryFilterQuestion.nullish(),
});
const BookQuestion = JournalQuestion.extend({ bookId: Id });

/** Questions about entries, whichever door they come through. */
@Injectable()
export class EntriesHandler {
  constructor(private readonly entries: EntryStore) {}

  /** The entries of a book, in its order. */
  ofBook(given: z.input<typeof BookQuestion>): Promise<EntryPage> {
    const { bookId, pageSize, cursor, filter } = parsed(BookQuestion, given);
    if (!/^\d{0,15}$/.test(cursor)) throw notACursor();
    return this.entries.ofBook(bookId, Number(cursor || '0'), pageAsked(pageSize, filter));
  }

  /** The entries of all books, in the order of publication. */
  ofJournal(given: z.input<typeof JournalQuestion>): Promise<EntryPage> {
    const { pageSize, cursor, filter } = parsed(JournalQuestion, given);
    return this.entries.ofJournal(placeOf(cursor), pageAsked(pageSize, filter));
  }
}

/** A filter of nothing is none, so that the usual page is read by its usual statement. */
const pageAsked = (limit: number, filter: EntryFilter | null | undefined): PageAsked => ({
  limit,
  lookAtMax,
  filter: filter && Object.values(filter).some((one) => one !== '') ? filter : undefined,
});

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
