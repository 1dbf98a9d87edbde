import { PublishOnCard } from './price-view.ts';

/** One thing that is wrong with a file: where, and why. */
export interface FileProblem {
  readonly field: string;
  readonly reason: string;
}

/** What a file says: versions, or everything that is wrong with it. */
export type ReadFile =
  { readonly versions: readonly PublishOnCard[] } | { readonly problems: readonly FileProblem[] };

/** The columns of a CSV of prices: one row for each price of a version, or of one of its upstreams. */
export const columns = [
  ...['rate_card', 'model', 'effective_from', 'currency', 'basis', 'upstream', 'kind', 'price', 'fallback'],
  ...['over_input_tokens', 'from_utc', 'to_utc', 'official_price', 'official_currency', 'official_as_of'],
  ...['official_source', 'fx_rate', 'fx_as_of', 'fx_source', 'times', 'divided_by', 'rounding_mode'],
  ...['rounding_decimals', 'context_tokens', 'output_tokens'],
] as const;
type Column = (typeof columns)[number];
type Row = Readonly<Partial<Record<Column, string>>>;
type Numbered = { readonly row: number; readonly cells: Row };

/** What all rows of a version say alike. */
const versionColumns: readonly Column[] = ['currency', 'basis', 'context_tokens', 'output_tokens'];
/** What all rows of one derivation say alike. */
const derivationColumns: readonly Column[] = [
  ...([
    'official_currency',
    'official_as_of',
    'official_source',
    'fx_rate',
    'fx_as_of',
    'fx_source',
  ] as const),
  ...(['times', 'divided_by', 'rounding_mode', 'rounding_decimals'] as const),
];

/** The versions of a CSV, or every problem with its row (from 1, the header being row 1) and column. */
export function versionsOfRows(records: readonly Readonly<Record<string, string>>[]): ReadFile {
  const rows = records.map((cells, index): Numbered => ({ row: index + 2, cells }));
  const unknown = Object.keys(records[0] ?? {}).filter((name) => !columns.includes(name as Column));
  if (unknown.length > 0)
    return {
      problems: unknown.map((field) => ({
        field: `row 1, ${field}`,
        reason: 'is no column of a price file',
      })),
    };
  if (rows.length === 0) return { problems: [{ field: 'content', reason: 'has no rows' }] };
  const groups = groupedBy(rows, ({ rate_card, model, effective_from }) => [
    rate_card,
    model,
    effective_from,
  ]);
  const read = groups.map(versionOfGroup);
  const problems = read.flatMap((one) => ('problems' in one ? one.problems : []));
  return problems.length > 0
    ? { problems }
    : { versions: read.flatMap((one) => ('version' in one ? [one.version] : [])) };
}

function versionOfGroup(
  group: readonly Numbered[],
): { readonly version: PublishOnCard } | { readonly problems: readonly FileProblem[] } {
  const [first] = group;
  const cells = first?.cells ?? {};
  const own = group.filter((one) => !one.cells.upstream);
  const upstreams = groupedBy(
    group.filter((one) => one.cells.upstream),
    ({ upstream }) => [upstream],
  );
  const mixed = [
    ...differing(group, versionColumns),
    ...[own, ...upstreams].flatMap((rows) => differing(rows, derivationColumns)),
  ];
  if (mixed.length > 0) return { problems: mixed };
  const read = PublishOnCard.safeParse({
    ...{
      rateCardId: cells.rate_card,
      model: cells.model,
      effectiveFrom: cells.effective_from,
      currency: cells.currency,
    },
    ...(cells.basis ? { basis: cells.basis } : {}),
    ...(own.some((one) => one.cells.price) ? termsOf(own, 'price') : {}),
    ...fallbackOf(own),
    derivation: derivationOf(own),
    limits: limitsOf(cells),
    costs: upstreams.map((rows) => ({
      ...{ upstream: rows[0]?.cells.upstream, derivation: derivationOf(rows) ?? {} },
      ...fallbackOf(rows),
    })),
  });
  if (read.success) return { version: read.data };
  return { problems: read.error.issues.map(({ path, message }) => problemAt(group, path, message)) };
}

/** The row and column that a path of the version comes from: the row of the kind that it names, else the first one. */
function problemAt(group: readonly Numbered[], path: readonly PropertyKey[], reason: string): FileProblem {
  const names = path.map(String);
  const named = group.find(
    ({ cells }) => cells.kind !== undefined && cells.kind !== '' && names.includes(cells.kind),
  );
  const row = (named ?? group[0])?.row ?? 2;
  return { field: `row ${row.toString()}, ${columnOf(names)}`, reason };
}

const columnByName: Readonly<Record<string, Column>> = {
  ...{
    rateCardId: 'rate_card',
    model: 'model',
    effectiveFrom: 'effective_from',
    currency: 'currency',
    basis: 'basis',
  },
  ...{
    fallback: 'fallback',
    limits: 'context_tokens',
    contextTokens: 'context_tokens',
    outputTokens: 'output_tokens',
  },
  ...{
    rounding: 'rounding_mode',
    decimals: 'rounding_decimals',
    mode: 'rounding_mode',
    upstream: 'upstream',
  },
  ...{ times: 'times', dividedBy: 'divided_by', fromUtc: 'from_utc', toUtc: 'to_utc' },
  ...{ overInputTokens: 'over_input_tokens' },
};

function columnOf(names: readonly string[]): string {
  const isOfficial = names.includes('official');
  if (names.includes('fx')) return `fx_${snake(names.at(-1) ?? '')}`;
  const last = names.at(-1) ?? '';
  if (isOfficial && ['currency', 'asOf', 'source'].includes(last)) return `official_${snake(last)}`;
  return columnByName[last] ?? (isOfficial ? 'official_price' : (columnByName[names[0] ?? ''] ?? 'price'));
}

const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** A column that rows of one thing fill differently. */
function differing(rows: readonly Numbered[], alike: readonly Column[]): readonly FileProblem[] {
  return rows.flatMap(({ row, cells }) =>
    alike
      .filter((column) => (cells[column] ?? '') !== (rows[0]?.cells[column] ?? ''))
      .map((column) => ({
        field: `row ${row.toString()}, ${column}`,
        reason: `must be "${rows[0]?.cells[column] ?? ''}" as in row ${String(rows[0]?.row)}, which is of the same version`,
      })),
  );
}

function termsOf(rows: readonly Numbered[], column: 'price' | 'official_price') {
  const priced = rows.map(({ cells }) => cells).filter((cells) => cells[column]);
  const plain = priced.filter((cells) => !cells.over_input_tokens && !cells.from_utc);
  const tiers = grouped(
    priced.filter((cells) => cells.over_input_tokens),
    (cells) => cells.over_input_tokens ?? '',
  );
  const windows = grouped(
    priced.filter((cells) => cells.from_utc),
    (cells) => `${cells.from_utc ?? ''}/${cells.to_utc ?? ''}`,
  );
  const pricesIn = (some: readonly Row[]) =>
    Object.fromEntries(some.map((cells) => [cells.kind ?? '', cells[column]]));
  return {
    rates: pricesIn(plain.filter(({ kind }) => !isUnit(kind))),
    unitPrices: pricesIn(plain.filter(({ kind }) => isUnit(kind))),
    tiers: tiers.map((some) => ({
      overInputTokens: Number(some[0]?.over_input_tokens),
      rates: pricesIn(some),
    })),
    windows: windows.map((some) => ({
      fromUtc: some[0]?.from_utc,
      toUtc: some[0]?.to_utc,
      rates: pricesIn(some),
    })),
  };
}

const isUnit = (kind: string | undefined): boolean => ['image', 'second', 'request'].includes(kind ?? '');

/** `none` beside no kind says that there are no fallbacks; no such cell at all leaves them to be assumed. */
function fallbackOf(rows: readonly Numbered[]) {
  const said = rows.map(({ cells }) => cells).filter(({ fallback }) => fallback);
  if (said.length === 0) return {};
  const kinds = said.filter(({ kind }) => kind);
  return { fallback: Object.fromEntries(kinds.map(({ kind = '', fallback = '' }) => [kind, fallback])) };
}

function derivationOf(rows: readonly Numbered[]) {
  const cells = rows.find((one) => one.cells.official_price)?.cells;
  if (cells === undefined) return null;
  return {
    official: {
      ...{ currency: cells.official_currency, asOf: cells.official_as_of, source: cells.official_source },
      ...termsOf(rows, 'official_price'),
    },
    fx: { rate: cells.fx_rate, asOf: cells.fx_as_of, source: cells.fx_source },
    discount: { times: cells.times || '1', dividedBy: cells.divided_by || '1' },
    ...(cells.rounding_mode
      ? { rounding: { mode: cells.rounding_mode, decimals: Number(cells.rounding_decimals) } }
      : {}),
  };
}

const limitsOf = ({ context_tokens: context, output_tokens: output }: Row) =>
  context || output ? { contextTokens: Number(context), outputTokens: Number(output) } : null;

/** The rows of a version: one for each price that it states or derives from, and one for each fallback. */
export function rowsOf(version: PublishOnCard): readonly Readonly<Record<Column, string>>[] {
  const limits = version.limits;
  const common: Row = {
    ...{ rate_card: version.rateCardId, model: version.model, effective_from: version.effectiveFrom },
    ...{ currency: version.currency, basis: version.basis ?? '' },
    context_tokens: limits === null ? '' : limits.contextTokens.toString(),
    output_tokens: limits === null ? '' : limits.outputTokens.toString(),
  };
  const own = pricedRows(version, version.derivation);
  const costs = version.costs.flatMap(({ upstream, derivation, fallback }) =>
    pricedRows({ ...(fallback === undefined ? {} : { fallback }) }, derivation).map((cells) => ({
      ...cells,
      upstream,
    })),
  );
  return [...own, ...costs].map((cells) => ({ ...blank, ...common, ...cells }));
}

type Terms = Partial<Pick<PublishOnCard, 'rates' | 'unitPrices' | 'tiers' | 'windows' | 'fallback'>>;

function pricedRows(terms: Terms, derivation: PublishOnCard['derivation']): readonly Row[] {
  const prices = pricesByPlace(terms);
  const official = derivation === null ? new Map<string, string>() : pricesByPlace(derivation.official);
  const inputs = derivation === null ? {} : inputCells(derivation);
  const places = [...new Set([...prices.keys(), ...official.keys()])];
  const fallbacks = Object.entries(terms.fallback ?? {});
  const none: Row[] = terms.fallback !== undefined && fallbacks.length === 0 ? [{ fallback: 'none' }] : [];
  const cells = [
    ...places.map((place): Row => {
      const [kind = '', over_input_tokens = '', from_utc = '', to_utc = ''] = place.split('|');
      const price = prices.get(place) ?? '';
      return { kind, over_input_tokens, from_utc, to_utc, price, official_price: official.get(place) ?? '' };
    }),
    ...fallbacks.map(([kind, fallback]): Row => ({ kind, fallback })),
    ...none,
  ];
  return cells.map((one) => ({ ...inputs, ...one }));
}

function pricesByPlace({
  rates = {},
  unitPrices = {},
  tiers = [],
  windows = [],
}: Terms): Map<string, string> {
  const places = (prices: Readonly<Record<string, string | undefined>>, suffix: string) =>
    Object.entries(prices).map(([kind, price]) => [`${kind}|${suffix}`, price ?? ''] as const);
  return new Map([
    ...places(rates, '||'),
    ...places(unitPrices, '||'),
    ...tiers.flatMap((tier) => places(tier.rates, `${tier.overInputTokens.toString()}||`)),
    ...windows.flatMap((window) => places(window.rates, `|${window.fromUtc}|${window.toUtc}`)),
  ]);
}

const inputCells = ({ official, fx, discount, rounding }: NonNullable<PublishOnCard['derivation']>): Row => ({
  ...{
    official_currency: official.currency,
    official_as_of: official.asOf,
    official_source: official.source,
  },
  ...{ fx_rate: fx.rate, fx_as_of: fx.asOf, fx_source: fx.source },
  ...{ times: discount.times, divided_by: discount.dividedBy },
  ...{ rounding_mode: rounding.mode, rounding_decimals: rounding.decimals.toString() },
});

const blank = Object.fromEntries(columns.map((column) => [column, ''])) as Record<Column, string>;

const grouped = (rows: readonly Row[], keyOf: (cells: Row) => string): readonly (readonly Row[])[] => [
  ...Map.groupBy(rows, keyOf).values(),
];

const groupedBy = (
  rows: readonly Numbered[],
  keyOf: (cells: Row) => readonly (string | undefined)[],
): readonly (readonly Numbered[])[] => [
  ...Map.groupBy(rows, ({ cells }) => keyOf(cells).join('\n')).values(),
];
