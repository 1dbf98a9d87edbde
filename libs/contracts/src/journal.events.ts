import { z } from 'zod';
import { defineEvent } from './event.ts';
import { AmountText, Code, CurrencyCode, Id, InstantText, Sha256Hex } from './text.ts';

/** The name of a ledger account, such as `wallet:cus_…:paid` or `revenue:usage:paid`. */
export const AccountId = z
  .string()
  .regex(/^[a-z][a-z-]*(?::[A-Za-z0-9_.-]+)*$/)
  .max(200);

export const EntryRecorded = defineEvent({
  type: 'EntryRecorded',
  meaning: 'One entry of one book, in book order; the journal of the ledger, kept for ever.',
  schema: z.strictObject({
    bookId: Id,
    version: z.int().positive().describe('Gapless within the book, from 1.'),
    kind: Code,
    eventId: Id,
    currency: CurrencyCode,
    occurredAt: InstantText,
    recordedAt: InstantText,
    accountingDate: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
    postings: z
      .array(z.strictObject({ debit: AccountId, credit: AccountId, amount: AmountText }))
      .max(10_000)
      .describe('Balanced by construction: each debits one account and credits another by the same amount.'),
    balance: z
      .strictObject({ paid: AmountText, granted: AmountText, held: AmountText })
      .describe('After this entry.'),
    canonicalVersion: z.int().positive(),
    canonicalBytes: z.base64().max(1_048_576).describe('The bytes that were hashed, as written.'),
    previousHash: Sha256Hex,
    hash: Sha256Hex.describe('SHA-256(previous hash ‖ SHA-256(canonical bytes)).'),
  }),
  sample: {
    id: 'cus_01JD5ZK3V5Q8R7T2W4X6Y8Z0AB/2',
    source: 'haoli/ledger',
    time: '2026-11-22T08:00:30.5Z',
    subject: 'cus_01JD5ZK3V5Q8R7T2W4X6Y8Z0AB',
    data: {
      bookId: 'cus_01JD5ZK3V5Q8R7T2W4X6Y8Z0AB',
      version: 2,
      kind: 'top-up',
      eventId: 'top_01JD5ZP0A1B2C3D4E5F6G7H8J9:settled',
      currency: 'CNY',
      occurredAt: '2026-11-22T08:00:29Z',
      recordedAt: '2026-11-22T08:00:30.5Z',
      accountingDate: '2026-11-22',
      postings: [
        { debit: 'clearing:wechat-pay', credit: 'wallet:cus_01JD5ZK3V5Q8R7T2W4X6Y8Z0AB:paid', amount: '50' },
      ],
      balance: { paid: '50', granted: '0', held: '0' },
      canonicalVersion: 1,
      canonicalBytes: 'AAECAw==',
      previousHash: '0000000000000000000000000000000000000000000000000000000000000000',
      hash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    },
  },
});
