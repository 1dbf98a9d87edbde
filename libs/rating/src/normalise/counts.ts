import type { TokenCounts, TokenKind, UnitCounts } from '../kinds.ts';
import type { ImpossibleReason, ImpossibleUsage, Normalised } from './impossible-usage.ts';

/** Reads counts out of a usage body and remembers the first thing that cannot be true. */
export class Counts {
  private readonly body: Readonly<Record<string, unknown>>;
  private problem: ImpossibleUsage | undefined;

  constructor(raw: unknown) {
    this.body = isRecord(raw) ? raw : {};
    if (!isRecord(raw)) this.fail('no-usage', 'usage');
  }

  /** A count that must be there. */
  required(path: string): number {
    const value = this.valueAt(path);
    if (value === undefined || value === null) this.fail('missing-count', path);
    return this.count(path);
  }

  /** A count that may be absent or null; a path such as `prompt_tokens_details.cached_tokens` looks inside. */
  optional(path: string): number | undefined {
    const value = this.valueAt(path);
    if (value === undefined || value === null) return undefined;
    if (isCount(value)) return value;
    this.fail('not-a-count', path);
    return undefined;
  }

  /** A count that is zero where it is absent or null. */
  count(path: string): number {
    return this.optional(path) ?? 0;
  }

  /** True where the body says something at a path. */
  has(path: string): boolean {
    const value = this.valueAt(path);
    return value !== undefined && value !== null;
  }

  /** A text inside the body, where there is one. */
  text(path: string): string | undefined {
    const value = this.valueAt(path);
    return typeof value === 'string' ? value : undefined;
  }

  /** The paths of the members of a list; none where it is absent or null. */
  members(path: string): readonly string[] {
    const value = this.valueAt(path);
    if (value === undefined || value === null) return [];
    this.require(Array.isArray(value), 'not-a-count', path);
    return Array.isArray(value) ? value.map((_, index) => `${path}.${index.toString()}`) : [];
  }

  /** Says that something must hold. */
  require(condition: boolean, reason: ImpossibleReason, field: string): void {
    if (!condition) this.fail(reason, field);
  }

  /** Says that a number of pieces which the upstream bills and no unit of ours prices must be zero. */
  requireNoFee(path: string): void {
    this.require(this.count(path) === 0, 'fee-without-unit', path);
  }

  /** The usage, unless something could not be true; kinds without tokens and units without pieces are left out. */
  result(tokens: TokenCounts, units: UnitCounts = {}): Normalised {
    if (this.problem) return { accepted: false, refusal: this.problem };
    return {
      accepted: true,
      events: [{ tokens: used(tokens), units: used(units), source: 'upstream', estimated: false }],
    };
  }

  private valueAt(path: string): unknown {
    if (!path.includes('.')) return this.body[path];
    let value: unknown = this.body;
    for (const name of namesOf(path)) value = inside(value, name);
    return value;
  }

  private fail(reason: ImpossibleReason, field: string): void {
    this.problem ??= { code: 'impossible-usage', reason, field };
  }
}

/** Adds kinds up; a kind that is absent is zero. */
export function addTokens(left: TokenCounts, right: TokenCounts): TokenCounts {
  const sum: Partial<Record<TokenKind, number | undefined>> = { ...left };
  for (const [kind, count] of Object.entries(right) as [TokenKind, number][]) {
    sum[kind] = (sum[kind] ?? 0) + count;
  }
  return sum;
}

function used<Kind extends string>(
  counts: Readonly<Partial<Record<Kind, number | undefined>>>,
): Partial<Record<Kind, number>> {
  const positive: Partial<Record<Kind, number>> = {};
  for (const kind in counts) {
    const count = counts[kind];
    if (count !== undefined && count > 0) positive[kind] = count;
  }
  return positive;
}

// The paths of the families are few and asked for on every call; those with an index are not kept.
const knownPaths = new Map<string, readonly string[]>();

function namesOf(path: string): readonly string[] {
  const known = knownPaths.get(path);
  if (known) return known;
  const names = path.split('.');
  if (!/\d/.test(path)) knownPaths.set(path, names);
  return names;
}

/** The value of a name inside an object or a list; nothing is inside nothing, and a text or a number holds no count. */
function inside(value: unknown, name: string): unknown {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return (value as readonly unknown[])[Number(name)];
  return isRecord(value) ? value[name] : NaN;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
