import type { CallFinished, EventOf, UnchargedReason, UsageRecorded } from '@app/contracts';
import { normaliseUsage, type Seen, type Usage, type UsageFamily, type UsageSource } from '@app/rating';

/** What a call is rated by, or why the body that tells of it cannot be true. */
export type ReportedUsage = { readonly usage: Usage } | { readonly impossible: string };

/** The same of a relayed call, which may say by itself that it is not to be charged. */
export type RelayedUsage = ReportedUsage | { readonly uncharged: UnchargedReason };

type Finished = EventOf<typeof CallFinished>['data'];
type Recorded = EventOf<typeof UsageRecorded>['data'];

/**
 * The usage that a relayed call is rated by. The provider's body is normalised here again, so that a charge never rests
 * on the gateway's word alone; what nobody reported was counted at the gateway and is taken as it is.
 */
export function usageOfRelayed({ end, rawUsage, usageFamily, seen }: Finished): RelayedUsage {
  if (end.kind === 'uncharged') return { uncharged: end.reason };
  if (end.kind === 'impossible') return { impossible: end.reason };
  if (end.usage.source !== 'upstream' || rawUsage === null || usageFamily === undefined) return end;
  return normalised(
    { body: rawUsage, family: usageFamily, source: 'upstream' },
    seen === undefined ? undefined : seenOf(seen),
  );
}

/** What a call used at its provider, whether or not it is charged: what we are billed for. Null where nobody knows. */
export function usageAnyway(data: Finished): Usage | null {
  const { end, rawUsage: body, usageFamily: family } = data;
  if (end.kind !== 'uncharged') {
    const reported = usageOfRelayed(data);
    return 'usage' in reported ? reported.usage : null;
  }
  if (body === null || family === undefined) return null;
  const used = normalised({ body, family, source: 'upstream' });
  return 'usage' in used ? used.usage : null;
}

/** The usage that a reported call is rated by: the counts that were reported, or what the reported body comes to. */
export function usageOfReported({ usage, rawUsage, usageFamily }: Recorded): ReportedUsage {
  if (usage !== null) return { usage };
  if (rawUsage === undefined || usageFamily === undefined) return { impossible: 'no-usage: usage' };
  return normalised({ body: rawUsage, family: usageFamily, source: 'recorded' });
}

interface Body {
  readonly body: string;
  readonly family: UsageFamily;
  readonly source: UsageSource;
}

function normalised({ body, family, source }: Body, seen?: Seen): ReportedUsage {
  const usage = normaliseUsage(family, jsonOf(body), seen);
  if (usage.accepted) return { usage: { ...usage.events[0], source } };
  return { impossible: `${usage.refusal.reason}: ${usage.refusal.field}` };
}

/** What is no JSON is no usage either. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const seenOf = ({ outputText, images, inputTokensMax }: NonNullable<Finished['seen']>): Seen => ({
  outputText,
  ...(images === undefined ? {} : { images }),
  ...(inputTokensMax === undefined ? {} : { inputTokensMax }),
});
