import { type BankStatement, UnreadableStatement } from './bank-statement.ts';
import { isCamt053, readCamt053 } from './camt053.ts';
import { type CsvMapping, readCsv } from './csv-statement.ts';
import { isMt940, readMt940 } from './mt940.ts';

/** Reads a file in whichever of the formats it is; CSV by the bank's own mapping. Throws UnreadableStatement. */
export function readStatement(
  bytes: Uint8Array,
  bank: { readonly account: string; readonly currency: string; readonly csv?: CsvMapping | undefined },
): readonly BankStatement[] {
  const text = new TextDecoder('utf-8').decode(bytes);
  if (isCamt053(text)) return readCamt053(text);
  if (isMt940(text)) return readMt940(text);
  const { csv: mapping, account, currency } = bank;
  if (!mapping)
    throw new UnreadableStatement('The file is neither camt.053 nor MT940, and the bank has no CSV mapping.');
  return readCsv(bytes, { mapping, account, currency });
}
