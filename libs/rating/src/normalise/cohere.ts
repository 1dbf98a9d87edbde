import { Counts } from './counts.ts';
import type { Normalised, Seen } from './impossible-usage.ts';

/** Cohere's usage body: it bills its billed units, which leave out what it adds to a prompt and what its cache held. */
export function normaliseCohere(raw: unknown, seen: Seen = { outputText: false }): Normalised {
  const counts = new Counts(raw);
  const input = counts.required('billed_units.input_tokens');
  const output = counts.count('billed_units.output_tokens');
  counts.require(output > 0 || !seen.outputText, 'text-without-tokens', 'billed_units.output_tokens');
  counts.requireNoFee('billed_units.search_units');
  counts.requireNoFee('billed_units.classifications');
  return counts.result({ input, output });
}
