import { invariant } from '@app/decider';
import { type AccountId, parseAccountId } from './account.ts';
import { type Entry, type EntryKind, memoFields, parseEntryKind } from './entry.ts';
import { amount, count, id, instant, listOf, type MemoField, record } from './memo-field.ts';

/** The version of the encoding; an old version is read by its own rules for ever. */
export const canonicalVersion = 1;

const account: MemoField<AccountId> = { encode: (value) => value, decode: parseAccountId };
const kind: MemoField<EntryKind> = { encode: (value) => value, decode: parseEntryKind };
const written: MemoField<string> = { encode: (text) => text, decode: (text) => text };

const encoder = new TextEncoder();
const decoder = new TextDecoder('ascii');

/** The fields of version 1, in their order. */
const version1 = record({
  canonicalVersion: count,
  bookId: id,
  version: count,
  kind,
  eventId: id,
  fingerprint: id,
  currency: id,
  occurredAt: instant,
  recordedAt: instant,
  accountingDate: id,
  postings: listOf(record({ debit: account, credit: account, amount })),
  memo: written,
});

/**
 * The canonical text of an entry, of which the hash is made: framed fields (`5:hello,`), amounts and instants in their
 * one text form, postings and memo as framed fields within a field. Every character is printable ASCII, so that
 * characters and bytes count alike.
 */
export function canonicalText(entry: Entry): string {
  const { bookId, version, eventId, fingerprint, currency, occurredAt, recordedAt, accountingDate } = entry;
  return version1.encode({
    canonicalVersion,
    bookId,
    version,
    kind: entry.kind,
    eventId,
    fingerprint,
    currency,
    occurredAt,
    recordedAt,
    accountingDate,
    postings: entry.postings,
    memo: memoFieldOf(entry.kind).encode(entry.memo),
  });
}

/** The canonical bytes of an entry: its canonical text in ASCII. */
export function canonicalBytes(entry: Entry): Uint8Array {
  return encoder.encode(canonicalText(entry));
}

/** Reads an entry from its canonical text; a text that this version did not write is an InvariantViolation. */
export function readCanonicalText(text: string): Entry {
  const entry = readHashedText(text);
  invariant(canonicalText(entry) === text, 'an entry has one canonical text');
  return entry;
}

/** Reads an entry from a text whose hash was verified: that it is spelled as it is written is known then, and not looked at again. */
export function readHashedText(text: string): Entry {
  const { canonicalVersion: read, memo, ...facts } = version1.decode(text);
  invariant(read === canonicalVersion, `canonical version ${read.toString()} is not known`);
  return { ...facts, memo: memoFieldOf(facts.kind).decode(memo) } as Entry;
}

/** Reads an entry from its canonical bytes. */
export function readCanonicalBytes(bytes: Uint8Array): Entry {
  return readCanonicalText(decoder.decode(bytes));
}

/** The memo of an entry is that of its kind; the union is too wide for the compiler to see it. */
function memoFieldOf(kindOfEntry: EntryKind): MemoField<Entry['memo']> {
  return memoFields[kindOfEntry];
}
