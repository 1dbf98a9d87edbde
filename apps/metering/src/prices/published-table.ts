import { PriceUnits } from '@app/money';
import { type CandidateCause, candidatesOf, exactPrice, exactText, roundedPrice } from '@app/rating';

/** A row of a price table as a seller published it; a cell that the table does not have is an empty text. */
export interface TableRow {
  readonly model: string;
  readonly kind: string;
  /** How many tokens or pieces the prices are for, such as 1000. */
  readonly per: string;
  readonly official: string;
  readonly exchangeRate: string;
  /** The official price in the seller’s currency, as the table has it. */
  readonly officialLocal: string;
  readonly times: string;
  readonly dividedBy: string;
  readonly price: string;
  readonly creditsPerCurrency: string;
  readonly credits: string;
  readonly creditsPerPiece: string;
}

/** A cell that does not follow from its inputs, or a row whose cells fit each other elsewhere. */
export interface TableFinding {
  /** In the file, from 1; the header is row 1. */
  readonly row: number;
  readonly model: string;
  readonly field: string;
  readonly stated: string;
  readonly computed: string;
  readonly exact: string;
  readonly formula: string;
  readonly candidates: readonly (CandidateCause | TableCause)[];
}

/** Causes that only a table can have. */
export type TableCause =
  | { readonly cause: 'follows-from-the-cell-before'; readonly value: string }
  | { readonly cause: 'cells-shifted'; readonly value: string };

/** Recomputes every cell of a table from its inputs. A cell follows where it is the computed figure, rounded to its own decimals. */
export function auditTable(rows: readonly TableRow[]): readonly TableFinding[] {
  return rows.flatMap((row, index) => {
    const place = { row: index + 2, model: row.model };
    return [...derivedCells(row), ...convertedCells(row), ...shiftedCells(row)].map((finding) => ({
      ...place,
      ...finding,
    }));
  });
}

type CellFinding = Omit<TableFinding, 'row' | 'model'>;

/** The cells that follow from official price, exchange rate and discount. */
function derivedCells(row: TableRow): readonly CellFinding[] {
  const { official, exchangeRate: fx, officialLocal, price, times, dividedBy } = row;
  const local = cell('officialLocal', officialLocal, { official, fx, times: '1', dividedBy: '1' });
  const derived = cell('price', price, { official, fx, times, dividedBy });
  const fromLocal =
    derived.length > 0 &&
    cell('price', price, { official: officialLocal, fx: '1', times, dividedBy }).length === 0;
  const note: TableCause = {
    cause: 'follows-from-the-cell-before',
    value: `${officialLocal} × ${times} ÷ ${dividedBy}`,
  };
  const isNoted = fromLocal && officialLocal !== '';
  return [
    ...local,
    ...derived.map((one) => (isNoted ? { ...one, candidates: [note, ...one.candidates] } : one)),
  ];
}

/** The cells that are the price in credits. */
function convertedCells({
  price,
  creditsPerCurrency,
  credits,
  creditsPerPiece,
  per,
}: TableRow): readonly CellFinding[] {
  const converted = { official: price, fx: creditsPerCurrency, times: '1', dividedBy: '1' };
  const perPiece = { official: credits, fx: '1', times: '1', dividedBy: per };
  return [...cell('credits', credits, converted), ...cell('creditsPerPiece', creditsPerPiece, perPiece)].map(
    // Credits follow from a price by one figure that is no input of the price.
    (finding) => ({ ...finding, candidates: [] }),
  );
}

interface CellInputs {
  readonly official: string;
  readonly fx: string;
  readonly times: string;
  readonly dividedBy: string;
}

function cell(field: string, stated: string, inputs: CellInputs): readonly CellFinding[] {
  if ([stated, inputs.official, inputs.fx, inputs.times, inputs.dividedBy].includes('')) return [];
  const [canonical, official] = [canonicalPrice(stated), canonicalPrice(inputs.official)];
  const terms = {
    fx: { rate: inputs.fx, asOf: '', source: '' },
    discount: { times: inputs.times, dividedBy: inputs.dividedBy },
    rounding: { mode: 'half-up' as const, decimals: decimalsOf(stated) },
  };
  const exact = exactPrice(official, terms);
  const computed = roundedPrice(exact, terms.rounding);
  if (computed === canonical) return [];
  const formula = `${official} × ${inputs.fx} × ${inputs.times} ÷ ${inputs.dividedBy}`;
  const candidates = candidatesOf(canonical, official, terms);
  return [{ field, stated: canonical, computed, exact: exactText(exact), formula, candidates }];
}

/**
 * A price that repeats the cell before it, while the cells after it fit each other one place to the left: credits are then
 * the price that stands in their place. What the price would be is audited too.
 */
function shiftedCells(row: TableRow): readonly CellFinding[] {
  const { officialLocal, price, credits, creditsPerPiece, creditsPerCurrency } = row;
  if (price === '' || price !== officialLocal || credits === '' || creditsPerPiece === '') return [];
  const moved = { ...row, price: credits, credits: creditsPerPiece, creditsPerPiece: '' };
  const isFitting = convertedCells(moved).length === 0 && convertedCells(row).length > 0;
  if (!isFitting) return [];
  const value = `price ${credits}, credits ${creditsPerPiece}`;
  const shifted: CellFinding = {
    ...{ field: 'row', stated: `price ${price}, credits ${credits}`, computed: value, exact: '' },
    formula: `${credits} × ${creditsPerCurrency} = ${creditsPerPiece}`,
    candidates: [{ cause: 'cells-shifted', value }],
  };
  return [shifted, ...derivedCells(moved).map((one) => ({ ...one, field: `${one.field} if shifted` }))];
}

const canonicalPrice = (text: string): string => PriceUnits.toText(PriceUnits.fromText(text));
const decimalsOf = (text: string): number => (text.includes('.') ? text.length - text.indexOf('.') - 1 : 0);
