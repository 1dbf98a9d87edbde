import type { Charge } from '@app/rating';
import type { CallEnd } from './call-end.ts';

/** The usage that the client sees: the provider's, or what we counted in its place; undefined where there is neither. */
export function shownUsage(reported: unknown, end: CallEnd['end']): unknown {
  if (reported !== undefined || end.kind !== 'usage') return reported;
  const { input = 0, output = 0 } = end.usage.tokens;
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
}

/** The provider's usage with what it costs in it: equal, as text, to the usage line and to the ledger's postings. */
export function usageWithCost(usage: unknown, charge: Charge | undefined): unknown {
  if (charge === undefined || usage === null || typeof usage !== 'object') return usage;
  return {
    ...usage,
    cost: charge.amount,
    cost_currency: charge.currency,
    price_version: charge.priceVersionId,
  };
}

/** The last chunk but `[DONE]`, which clients get that asked for it. Undefined where there is no usage. */
export function usageFrame(
  {
    usageChunk,
    anyChunk,
    usage,
  }: {
    readonly usageChunk: Readonly<Record<string, unknown>> | undefined;
    readonly anyChunk: Readonly<Record<string, unknown>> | undefined;
    readonly usage: unknown;
  },
  charge: Charge | undefined,
): string | undefined {
  if (usage === undefined) return undefined;
  const chunk = { ...(usageChunk ?? anyChunk), choices: [], usage: usageWithCost(usage, charge) };
  return `data: ${JSON.stringify(chunk)}\n\n`;
}
