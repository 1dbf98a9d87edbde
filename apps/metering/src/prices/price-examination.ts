import { refuse } from '@app/decider';
import { compareInstants } from '@app/rating';
import { type FieldChange, fieldChanges, predecessorOf } from './price-change.ts';
import type { PriceImpact } from './price-impact.ts';
import {
  type CardState,
  type ProposedVersion,
  publication,
  type PublicationRefusal,
} from './price-publication.ts';
import type { PublishedVersion } from './published-version.ts';

/** What one person wants to publish, all of it or nothing. */
export interface PublicationRequest {
  readonly versions: readonly ProposedVersion[];
  /** Who asks; null for the installation itself, whose prices need no second person. */
  readonly by: string | null;
  /** Why; needed where it waits for a second person. */
  readonly reason: string | undefined;
}

/** What would become of one version. */
export interface ExaminedVersion {
  readonly version: ProposedVersion;
  /** The same version that was published before. */
  readonly published: PublishedVersion | undefined;
  readonly refusal: PublicationRefusal | undefined;
  readonly changes: readonly FieldChange[];
}

/** What would become of a publication: nothing was changed. */
export interface Examination {
  readonly versions: readonly ExaminedVersion[];
  readonly impact: PriceImpact;
  /** Beyond what one person may decide. */
  readonly needsApproval: boolean;
  readonly limitPercent: number;
}

/** What publishing came to; `examined` changed nothing. */
export type PublicationResult =
  | {
      readonly outcome: 'published';
      readonly published: readonly PublishedVersion[];
      readonly examination: Examination;
    }
  | { readonly outcome: 'waits'; readonly proposalId: string; readonly examination: Examination }
  | { readonly outcome: 'examined'; readonly examination: Examination }
  | { readonly outcome: 'refused'; readonly examination: Examination };

/** The cards of a publication, by id. */
export type Cards = ReadonlyMap<string, CardState>;

/** Decides each version in the order given, the later ones beside the earlier ones. */
export function examined(proposed: readonly ProposedVersion[], cards: Cards): readonly ExaminedVersion[] {
  const joined = new Map<string, PublishedVersion[]>();
  return proposed.map((version) => {
    const card = cards.get(version.rateCardId);
    if (card === undefined) throw new TypeError('every card was locked');
    const along = joined.get(version.rateCardId) ?? [];
    joined.set(version.rateCardId, along);
    const versions = [...card.versions, ...along];
    const decision = samePlace(along, version)
      ? refuse({ code: 'twice-in-request' } as const)
      : publication(version, { ...card, versions });
    const changes = fieldChanges(predecessorOf(versions, version), version);
    if (!decision.accepted) return { version, published: undefined, refusal: decision.refusal, changes };
    if (decision.events.length === 0)
      return { version, published: samePlace(versions, version), refusal: undefined, changes: [] };
    along.push({ ...version, id: '', announcedAt: card.now, publishedBy: null, proposalId: null });
    return { version, published: undefined, refusal: undefined, changes };
  });
}

/** The version that a proposed one takes over from. */
export const takenOverFrom = (version: ProposedVersion, cards: Cards): ProposedVersion | undefined =>
  predecessorOf(cards.get(version.rateCardId)?.versions ?? [], version);

function samePlace(
  versions: readonly PublishedVersion[],
  { model, effectiveFrom }: ProposedVersion,
): PublishedVersion | undefined {
  return versions.find(
    (version) => version.model === model && compareInstants(version.effectiveFrom, effectiveFrom) === 0,
  );
}
