import { createHash } from 'node:crypto';
import {
  Endpoint,
  type EventOf,
  Id,
  InstantText,
  ModelName,
  RawUsage,
  TokenCounts,
  UnitCounts,
  UsageFamily,
  type UsageRecorded,
} from '@app/contracts';
import { z } from 'zod';

/** What an internal service reports about one call. */
export const UsageReport = z.strictObject({
  id: Id.describe('The reporter’s own id, unique for ever within its source.'),
  source: z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 printable ASCII characters without spaces')
    .refine((source) => source !== relaySource, 'is the name of the relay; choose another'),
  customerId: Id,
  keyId: Id.nullable(),
  model: ModelName,
  endpoint: Endpoint,
  occurredAt: InstantText,
  tokens: TokenCounts,
  units: UnitCounts,
  rawUsage: RawUsage.optional().describe('A provider’s usage body, instead of tokens and units.'),
  usageFamily: UsageFamily.optional().describe('Whose body that is.'),
});
export type UsageReport = z.infer<typeof UsageReport>;

/** The source of calls that the gateway relayed. */
export const relaySource = 'gateway';

/** The endpoint of a report that names none. */
export const reportEndpoint = 'record-usage';

/** Why an item is refused; the rest of its batch is not affected. */
export interface ItemProblem {
  readonly code: 'invalid' | 'unknown-customer' | 'conflict';
  /** Which field of the report, in the words of UsageReport. */
  readonly field: string;
  readonly reason: string;
}

const futureMsMax = 5 * 60_000;
const oldest = '2000-01-01';

/** Reads a report, or says what is wrong with it. `nowMs` is the instant at which it came, in Unix milliseconds. */
export function readReport(
  raw: unknown,
  nowMs: number,
): { readonly report: UsageReport } | { readonly problem: ItemProblem } {
  const parsed = UsageReport.safeParse(raw);
  if (!parsed.success) return problemOfIssue(parsed.error.issues[0]);
  const report = parsed.data;
  const problem = problemOfUsage(report);
  if (problem !== undefined) return problem;
  const reason = problemOfTime(report.occurredAt, nowMs);
  return reason === undefined ? { report } : invalid('occurredAt', reason);
}

/** Usage is said once: by counts, or by a body and whose it is. */
function problemOfUsage({ tokens, units, rawUsage, usageFamily }: UsageReport) {
  const isCounted = Object.keys(tokens).length + Object.keys(units).length > 0;
  if (rawUsage === undefined) {
    if (usageFamily !== undefined) return invalid('rawUsage', 'must be the body that usageFamily speaks of');
    if (isCounted) return undefined;
    return invalid('tokens', 'tokens or units must say what was used; a zero is said explicitly');
  }
  if (usageFamily === undefined)
    return invalid('usageFamily', 'must say whose body rawUsage is, such as openai-chat');
  return isCounted ? invalid('tokens', 'must be left out where rawUsage is given') : undefined;
}

function problemOfIssue(issue: z.core.$ZodIssue | undefined): { readonly problem: ItemProblem } {
  const path = issue?.path.join('.') ?? '';
  if (issue?.code !== 'unrecognized_keys') return invalid(path, issue?.message ?? 'is not a usage report');
  return invalid(
    [path, issue.keys[0]].filter(Boolean).join('.'),
    'is missing, unknown or has another value here',
  );
}

const invalid = (field: string, reason: string) => ({ problem: { code: 'invalid' as const, field, reason } });

function problemOfTime(occurredAt: string, nowMs: number): string | undefined {
  const date = occurredAt.slice(0, 10);
  const ms = Date.parse(occurredAt);
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== date)
    return 'must be a day of the calendar';
  if (date < oldest) return `must not be before ${oldest}`;
  return ms > nowMs + futureMsMax ? 'must not be more than 5 minutes in the future' : undefined;
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The id of the call that a report is about: it follows from (source, id), so a report that comes again names the same. */
export function callIdOf({ source, id }: Pick<UsageReport, 'source' | 'id'>): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([source, id]))
    .digest();
  return `use_${Array.from({ length: 26 }, (_, index) => crockford[(digest[index] ?? 0) % 32]).join('')}`;
}

/** The event that tells of a report. */
export function recordedEventOf(report: UsageReport): EventOf<typeof UsageRecorded> {
  const { id, tokens, units, ...rest } = report;
  const usage =
    rest.rawUsage === undefined ? { tokens, units, source: 'recorded' as const, estimated: false } : null;
  const callId = callIdOf(report);
  return {
    id: `${callId}:recorded`,
    type: 'UsageRecorded',
    source: 'haoli/metering',
    time: report.occurredAt,
    subject: report.customerId,
    data: { callId, sourceId: id, ...rest, usage },
  };
}
