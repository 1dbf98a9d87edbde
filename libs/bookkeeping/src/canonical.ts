import { invariant } from '@app/decider';
import { type AccountId, parseAccountId } from './account.ts';
import { type Entry, type EntryKind, memoFields, parseEntryKind } from './entry.ts';
import { Instant } from './instant.ts';
import {
  amount,
  count,
  framed,
  id,
  instant,
  listOf,
  type MemoField,
  record,
  unframed,
} from './memo-field.ts';
import { posting } from './posting.ts';

/** The version of the encoding; an old version is read by its own rules for ever. */
export const canonicalVersion = 1;

const account: MemoField<AccountId> = { encode: id.encode, decode: parseAccountId };
const postings = listOf(record({ debit: account, credit: account, amount }));

/**
 * The canonical text of an entry, of which the hash is made: framed fields (`5:hello,`) in this order: canonical version,
 * book id, version, kind, event id, fingerprint, currency, occurredAt, recordedAt, accounting date, postings, memo.
 * Amounts and instants have their one text form; postings and memo are framed fields within a field. Every character is printable ASCII,
 * so that characters and bytes count alike.
 */
export function canonicalText(entry: Entry): string {
  return (
    framed(count.encode(canonicalVersion)) +
    framed(id.encode(entry.bookId)) +
    framed(count.encode(entry.version)) +
    framed(entry.kind) +
    framed(id.encode(entry.eventId)) +
    framed(id.encode(entry.fingerprint)) +
    framed(id.encode(entry.currency)) +
    framed(instant.encode(entry.occurredAt)) +
    framed(instant.encode(entry.recordedAt)) +
    framed(id.encode(entry.accountingDate)) +
    framed(postings.encode(entry.postings)) +
    framed(memoFieldOf(entry.kind).encode(entry.memo))
  );
}

/** The canonical bytes of an entry: its canonical text in ASCII. */
export function canonicalBytes(entry: Entry): Uint8Array {
  return new TextEncoder().encode(canonicalText(entry));
}

/** Reads an entry from its canonical text; a text that this version did not write is an InvariantViolation. */
export function readCanonicalText(text: string): Entry {
  const fields = unframed(text);
  invariant(fields.length === fieldsOfVersion1, 'canonical version 1 has twelve fields');
  const field = (index: number) => id.decode(fields[index] ?? '');
  invariant(count.decode(field(0)) === canonicalVersion, `canonical version ${field(0)} is not known`);
  const kind = parseEntryKind(field(3));
  const entry = {
    kind,
    eventId: field(4),
    fingerprint: field(5),
    currency: field(6),
    occurredAt: Instant.fromText(field(7)),
    postings: postings.decode(fields[10] ?? '').map((read) => posting(read.debit, read.credit, read.amount)),
    memo: memoFieldOf(kind).decode(fields[11] ?? ''),
    bookId: field(1),
    version: count.decode(field(2)),
    recordedAt: Instant.fromText(field(8)),
    accountingDate: field(9),
  } as Entry;
  invariant(canonicalText(entry) === text, 'an entry has one canonical text');
  return entry;
}

/** Reads an entry from its canonical bytes. */
export function readCanonicalBytes(bytes: Uint8Array): Entry {
  return readCanonicalText(new TextDecoder('ascii').decode(bytes));
}

const fieldsOfVersion1 = 12;

/** The memo of an entry is that of its kind; the union is too wide for the compiler to see it. */
function memoFieldOf(kind: EntryKind): MemoField<Entry['memo']> {
  return memoFields[kind] as MemoField<Entry['memo']>;
}
