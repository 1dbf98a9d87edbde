/** JSON of which every number is kept as it was written: an integer as bigint, anything else as `NotAnInteger`. */
export function parseExactJson(text: string): unknown {
  const parse = JSON.parse as (text: string, reviver: Reviver) => unknown;
  return parse(text, (_name, value, context) => {
    if (typeof value !== 'number') return value;
    return /^-?(0|[1-9]\d*)$/.test(context.source)
      ? BigInt(context.source)
      : new NotAnInteger(context.source);
  });
}

/** A number with a fraction or an exponent, which no amount of fen is. */
export class NotAnInteger {
  constructor(readonly source: string) {}
}

/** What JSON.parse gives a reviver since ECMAScript 2026; the compiler's own types do not know it yet. */
type Reviver = (name: string, value: unknown, context: { readonly source: string }) => unknown;
