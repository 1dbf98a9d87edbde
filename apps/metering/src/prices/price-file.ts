import { PriceText } from '@app/contracts';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { type ReadFile, rowsOf, versionsOfRows } from './price-rows.ts';
import { PublishOnCard } from './price-view.ts';
import type { PublishedVersion } from './published-version.ts';
import type { TableRow } from './published-table.ts';
import { readYaml, writeYaml } from './yaml-text.ts';

/** How a file of prices is written. */
export const priceFileFormats = ['yaml', 'csv'] as const;
export type PriceFileFormat = (typeof priceFileFormats)[number];

const versionsMax = 1_000;
const FileOfPrices = z.strictObject({ prices: z.array(PublishOnCard).min(1).max(versionsMax) });

/** Reads a file of prices. A problem names the row and the column of a CSV, or the path in a YAML document. */
export function readPriceFile(format: PriceFileFormat, content: string): ReadFile {
  try {
    if (format === 'csv') return versionsOfRows(recordsOf(content));
    const read = FileOfPrices.safeParse(withIntegers(readYaml(content)));
    if (read.success) return { versions: read.data.prices };
    return {
      problems: read.error.issues.map(({ path, message }) => ({ field: path.join('.'), reason: message })),
    };
  } catch (error) {
    return {
      problems: [{ field: 'content', reason: error instanceof Error ? error.message : String(error) }],
    };
  }
}

/** Writes versions as a file that, read again, changes nothing. */
export function writePriceFile(format: PriceFileFormat, versions: readonly PublishedVersion[]): string {
  const prices = versions.map(fileVersionOf);
  return format === 'yaml' ? writeYaml({ prices }) : csvOf(prices.flatMap(rowsOf));
}

/** A version as a request to publish it: everything said, nothing left to be assumed. */
function fileVersionOf(version: PublishedVersion): PublishOnCard {
  const { rateCardId, model, currency, effectiveFrom, rates, fallback, unitPrices, tiers, windows } = version;
  return PublishOnCard.parse({
    ...{ rateCardId, model, currency, effectiveFrom, rates, fallback, unitPrices, tiers, windows },
    ...{ basis: version.basis, derivation: version.derivation, limits: version.limits },
    costs: version.costs.map(({ upstream, derivation, terms }) => ({
      ...{ upstream, derivation, fallback: terms.fallback },
    })),
  });
}

const recordsOf = (content: string): Record<string, string>[] =>
  parse(content, { columns: true, skip_empty_lines: true, trim: true, bom: true });

function csvOf(rows: readonly Readonly<Record<string, string>>[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const lines = rows.map((row) => columns.map((column) => quoted(row[column] ?? '')).join(','));
  return `${[columns.join(','), ...lines].join('\n')}\n`;
}

const quoted = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

const integerFields = new Set(['overInputTokens', 'contextTokens', 'outputTokens', 'decimals']);
const nodesMax = 100_000;

/** Counts are numbers again, prices stay text. A document whose references unfold without end is refused. */
function withIntegers(document: unknown): unknown {
  let nodes = 0;
  const walk = (value: unknown, name: string): unknown => {
    nodes += 1;
    if (nodes > nodesMax) throw new RangeError(`there are more than ${nodesMax.toString()} values`);
    if (Array.isArray(value)) return value.map((item) => walk(item, name));
    if (typeof value === 'string')
      return integerFields.has(name) && /^\d{1,15}$/.test(value) ? Number(value) : value;
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, key)]));
  };
  return walk(document, '');
}

const Cell = PriceText.or(
  z.string().regex(/^\d{1,20}(?:\.\d{1,12})?$/, 'must be a decimal, such as "0.0142"'),
).or(z.literal(''));
const Table = z.array(
  z
    .strictObject({
      ...{ model: z.string().min(1), kind: z.string(), per: Cell, official: Cell, exchange_rate: Cell },
      ...{ official_local: Cell, times: Cell, divided_by: Cell, price: Cell },
      ...{ credits_per_currency: Cell, credits: Cell, credits_per_piece: Cell },
    })
    .transform((row): TableRow => {
      const { model, kind, per, official, times, price, credits } = row;
      return {
        ...{ model, kind, per, official, times, price, credits, dividedBy: row.divided_by },
        ...{ exchangeRate: row.exchange_rate, officialLocal: row.official_local },
        ...{ creditsPerCurrency: row.credits_per_currency, creditsPerPiece: row.credits_per_piece },
      };
    }),
);

/** Reads a table as a seller published it. Throws a ZodError whose paths are row (from 0) and column. */
export const readTable = (content: string): readonly TableRow[] => Table.parse(recordsOf(content));
