import { tokenKinds, unitKinds } from '@app/rating';
import type { CallLine } from './call-view.ts';

type Cell = string | number | boolean | null;
type Column = readonly [name: string, cell: (call: CallLine) => Cell];

const columns: readonly Column[] = [
  ['id', ({ id }) => id],
  ['time', ({ time }) => time],
  ['model', ({ model }) => model],
  ['endpoint', ({ endpoint }) => endpoint],
  ['source', ({ source }) => source],
  ['api_key_id', ({ api_key_id: keyId }) => keyId],
  ['status_code', ({ status_code: status }) => status],
  ['outcome', ({ outcome }) => outcome],
  ['reason', ({ reason }) => reason],
  ['input_tokens', ({ input_tokens: input }) => input],
  ['output_tokens', ({ output_tokens: output }) => output],
  ...tokenKinds.map((kind): Column => [`tokens_${kind}`, ({ tokens }) => tokens[kind] ?? 0]),
  ...unitKinds.map((kind): Column => [`units_${kind}`, ({ units }) => units[kind] ?? 0]),
  ['amount', ({ amount }) => amount.value],
  ['currency', ({ amount }) => amount.currency],
  ['price_version', ({ price_version: version }) => version],
  ['usage_source', ({ usage_source: source }) => source],
  ['estimated', ({ estimated }) => estimated],
];

/** The line of names with which a file of calls begins. */
export const csvHead: string = lineOf(columns.map(([name]) => name));

/** The line of a call: RFC 4180, amounts exact as text. */
export const csvLineOf = (call: CallLine): string => lineOf(columns.map(([, cell]) => cell(call)));

function lineOf(cells: readonly Cell[]): string {
  return `${cells.map((cell) => cellOf(cell ?? '')).join(',')}\r\n`;
}

/** A text that a spreadsheet would take for a formula gets an apostrophe before it: it is shown, never run. */
function cellOf(value: string | number | boolean): string {
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
