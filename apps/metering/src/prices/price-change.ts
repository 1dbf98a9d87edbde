import { compareInstants, type PricedTerms, pricesOf, versionAt } from '@app/rating';

/** One figure that differs; an empty text where one side has none. */
export interface FieldChange {
  readonly field: string;
  readonly before: string;
  readonly after: string;
}

/** What a version changes against the one before it on the same card and model. */
export function fieldChanges(before: Priced | undefined, after: Priced): readonly FieldChange[] {
  const [old, fresh] = [
    before === undefined ? new Map<string, string>() : figuresOf(before),
    figuresOf(after),
  ];
  const fields = new Set([...old.keys(), ...fresh.keys()]);
  return [...fields].flatMap((field) => {
    const change = { field, before: old.get(field) ?? '', after: fresh.get(field) ?? '' };
    return change.before === change.after ? [] : [change];
  });
}

/** The terms of a version, as far as a customer pays by them. */
export interface Priced extends PricedTerms {
  readonly fallback: Readonly<Record<string, string | undefined>>;
  readonly limits: { readonly contextTokens: number; readonly outputTokens: number } | null;
}

function figuresOf(version: Priced): ReadonlyMap<string, string> {
  const { fallback, tiers, windows, limits } = version;
  return new Map([
    ...pricesOf(version),
    ...Object.entries(fallback).map(([kind, to]) => [`fallback.${kind}`, to ?? ''] as const),
    ...tiers.map(
      (tier, index) =>
        [`tiers.${index.toString()}.overInputTokens`, tier.overInputTokens.toString()] as const,
    ),
    ...windows.map(
      ({ fromUtc, toUtc }, index) => [`windows.${index.toString()}.hours`, `${fromUtc}-${toUtc}`] as const,
    ),
    ...Object.entries(limits ?? {}).map(([name, tokens]) => [`limits.${name}`, String(tokens)] as const),
  ]);
}

interface Placed {
  readonly rateCardId: string;
  readonly model: string;
  readonly effectiveFrom: string;
}

/** The version that another one takes over from: the one in force just before it begins, undefined for the first. */
export function predecessorOf<Version extends Placed>(
  versions: readonly Version[],
  next: Placed,
): Version | undefined {
  const earlier = versions.filter(
    ({ rateCardId, model, effectiveFrom }) =>
      rateCardId === next.rateCardId &&
      model === next.model &&
      compareInstants(effectiveFrom, next.effectiveFrom) < 0,
  );
  return versionAt(earlier, next.effectiveFrom);
}
