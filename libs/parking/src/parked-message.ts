import { z } from 'zod';

/** Waits for a person; applied after all; or never to be applied, by the word of two people. */
export const parkedStatuses = ['parked', 'redriven', 'discarded'] as const;
const kinds = ['rejected', 'conflict', 'unprocessable'] as const;

/** A message that waits for a person, or did, as it is shown in a list. */
export const ParkedMessageView = z.object({
  id: z.string(),
  consumer: z.string().describe('Who could not apply it.'),
  topic: z.string(),
  ...{ partition: z.int(), offset: z.string(), key: z.string() },
  eventId: z.string().describe('Empty where it is no event.'),
  subject: z
    .string()
    .describe('Whom it is about: the customer, or a book of the platform. Empty where it is no event.'),
  kind: z
    .enum(kinds)
    .describe(
      'No event of the topic; an id that came before with other data; or an event whose effect was refused.',
    ),
  reason: z.string().describe('Why it was parked, at the last try.'),
  firstReason: z.string().describe('Why it was parked first.'),
  tries: z.int().describe('How often people drove it again.'),
  status: z.enum(parkedStatuses),
  parkedAt: z.string(),
  endedAt: z.string().describe('Empty as long as it waits.'),
});
export type ParkedMessageView = z.infer<typeof ParkedMessageView>;

/** Something that was done with a parked message, for ever. */
export const DeedView = z.object({
  id: z.string(),
  at: z.string(),
  actor: z.string(),
  clientId: z.string(),
  action: z.enum(['drive', 'parked-again', 'propose-discard', 'approve-discard', 'reject-discard']),
  detail: z.string().describe('The reason that was given, or why it was parked again.'),
  answers: z.string().describe('The proposal that a decision is about; else empty.'),
});
export type DeedView = z.infer<typeof DeedView>;

/** One message with all that is known of it. */
export const ParkedMessageWhole = z.object({
  ...ParkedMessageView.shape,
  headers: z.record(z.string(), z.string()),
  payload: z.string().describe('The bytes as they lay on the broker.'),
  payloadEncoding: z.enum(['utf-8', 'base64']).describe('Base64 where the bytes are no UTF-8.'),
  deeds: z.array(DeedView).describe('What people did with it, oldest first.'),
});
export type ParkedMessageWhole = z.infer<typeof ParkedMessageWhole>;

/** How a drive ended. `applied`: the effect is there, once, by this delivery or by an earlier one. */
export const DriveAnswer = z.object({
  outcome: z.enum(['applied', 'parked-again']),
  message: ParkedMessageWhole,
});
export type DriveAnswer = z.infer<typeof DriveAnswer>;

const rowsMax = 500;
const text = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[^\0]*$/, 'must not hold U+0000')
    .default('');

/** Which messages; what is left empty asks for nothing. Oldest first. */
export const ParkedQuestion = z.strictObject({
  status: z.enum(parkedStatuses).or(z.literal('')).default('parked').describe('Empty for all.'),
  topic: text(200),
  consumer: text(200),
  kind: z.enum(kinds).or(z.literal('')).default(''),
  reason: text(200).describe('A part of the reason, in any case of letters.'),
  cursor: z
    .string()
    .regex(/^(prk_[0-9A-Z]{26})?$/, 'must be nextCursor of the page before')
    .default(''),
  pageSize: z.coerce.number().int().min(1).max(rowsMax).default(50),
});
export type ParkedQuestion = z.infer<typeof ParkedQuestion>;

/** Why a message should never be applied. */
export const DiscardBody = z.strictObject({
  reason: z
    .string()
    .trim()
    .min(10, 'must say in ten characters at least why nobody will miss it')
    .max(500)
    .regex(/^[^\0]*$/, 'must not hold U+0000'),
});

/** What another person says to it: about exactly this proposal. */
export const DiscardDecision = z.strictObject({
  proposal: z.string().regex(/^\d{1,18}$/, 'must be the id of a deed propose-discard'),
  verdict: z.enum(['approved', 'rejected']),
});
export type DiscardDecision = z.infer<typeof DiscardDecision>;
