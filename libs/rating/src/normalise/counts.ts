import type { TokenCounts, TokenKind } from '../kinds.ts';
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
  required(field: string): number {
    if (this.body[field] === undefined || this.body[field] === null) this.fail('missing-count', field);
    return this.optional(field) ?? 0;
  }

  /** A count that may be absent or null; a path such as `prompt_tokens_details.cached_tokens` looks inside. */
  optional(path: string): number | undefined {
    let value: unknown = this.body;
    for (const name of path.split('.')) value = inside(value, name);
    if (value === undefined || value === null) return undefined;
    this.require(isCount(value), 'not-a-count', path);
    return isCount(value) ? value : undefined;
  }

  /** Says that something must hold. */
  require(condition: boolean, reason: ImpossibleReason, field: string): void {
    if (!condition) this.fail(reason, field);
  }

  /** The usage, unless something could not be true; kinds without tokens are left out. */
  result(tokens: TokenCounts): Normalised {
    if (this.problem) return { accepted: false, refusal: this.problem };
    const entries = Object.entries(tokens) as [TokenKind, number][];
    const used: TokenCounts = Object.fromEntries(entries.filter(([, count]) => count > 0));
    return { accepted: true, events: [{ tokens: used, units: {}, source: 'upstream', estimated: false }] };
  }

  private fail(reason: ImpossibleReason, field: string): void {
    this.problem ??= { code: 'impossible-usage', reason, field };
  }
}

/** The value of a name inside an object; nothing is inside nothing, and a text or a number holds no count. */
function inside(value: unknown, name: string): unknown {
  if (value === undefined || value === null) return undefined;
  return isRecord(value) ? value[name] : NaN;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
