import type { MeteringApi } from '@app/contracts';
import { reportEndpoint } from './usage-report.ts';

/** The report in a gRPC message, as yet unchecked. */
export function reportOfMessage(item: MeteringApi.UsageItem): unknown {
  const { keyId, endpoint, tokens, units, rawUsage, usageFamily, ...rest } = item;
  return {
    ...rest,
    keyId: keyId === '' ? null : keyId,
    endpoint: endpoint === '' ? reportEndpoint : endpoint,
    tokens: countsOf(tokens),
    units: countsOf(units),
    ...(rawUsage === '' ? {} : { rawUsage }),
    ...(usageFamily === '' ? {} : { usageFamily }),
  };
}

/** A field of a report in the words of the proto file: `occurredAt` is `occurred_at` there. */
export const wireFieldOf = (field: string): string =>
  field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Counts cross gRPC as the text of an int64; one beyond the safe integers is refused later, as a count that is too big. */
const countsOf = (counts: Readonly<Record<string, string>>): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(counts).map(([kind, count]) => [kind, Number(count)]));
