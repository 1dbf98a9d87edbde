import { PriceUnits } from '@app/money';
import {
  type Derivation,
  type ExactPrice,
  exactPrice,
  exactText,
  type PricedTerms,
  pricesOf,
  roundedPrice,
  roundingModes,
} from './derivation.ts';

/**
 * What would explain a price that does not follow from its inputs. Each gives the stated price exactly when it alone is
 * put in the place of the stated input; which one is true, if any, only the seller can say.
 */
export type CandidateCause =
  | { readonly cause: 'other-exchange-rate'; readonly value: string }
  | { readonly cause: 'other-divisor'; readonly value: string }
  | { readonly cause: 'other-official-price'; readonly value: string }
  | { readonly cause: 'other-rounding'; readonly value: string }
  | { readonly cause: 'transposed-digits'; readonly value: string };

/** A price that does not follow from its inputs. */
export interface AuditFinding {
  readonly field: string;
  readonly stated: string;
  /** What the inputs give, rounded as they say; `exact` before rounding. Absent where the inputs have no such price. */
  readonly computed: string | null;
  readonly exact: string | null;
  readonly formula: string;
  readonly candidates: readonly CandidateCause[];
}

/** Recomputes every price of terms from the inputs and gives those that differ, and those that only one side has. */
export function auditDerivation(stated: PricedTerms, derivation: Derivation): readonly AuditFinding[] {
  const official = new Map(pricesOf(derivation.official));
  const prices = new Map(pricesOf(stated));
  const fields = new Set([...prices.keys(), ...official.keys()]);
  return [...fields].flatMap((field) => {
    const finding = auditPrice(
      { field, stated: prices.get(field), official: official.get(field) },
      derivation,
    );
    return finding === undefined ? [] : [finding];
  });
}

interface AuditedPrice {
  readonly field: string;
  readonly stated: string | undefined;
  readonly official: string | undefined;
}

function auditPrice(price: AuditedPrice, derivation: Derivation): AuditFinding | undefined {
  const { field, stated, official } = price;
  if (official === undefined || stated === undefined) {
    const formula = official === undefined ? 'no official price is stated' : 'the version has no such price';
    return { field, stated: stated ?? '', computed: null, exact: null, formula, candidates: [] };
  }
  const exact = exactPrice(official, derivation);
  const computed = roundedPrice(exact, derivation.rounding);
  if (computed === stated) return undefined;
  return {
    ...{ field, stated, computed, exact: exactText(exact) },
    formula: formulaOf(official, derivation),
    candidates: candidatesOf(stated, official, derivation),
  };
}

const formulaOf = (official: string, { fx, discount }: Derivation): string =>
  `${official} × ${fx.rate} × ${discount.times} ÷ ${discount.dividedBy}`;

/** Every single change of an input that gives the stated price exactly, as a short figure; and how it may be misread. */
export function candidatesOf(
  stated: string,
  official: string,
  inputs: Pick<Derivation, 'fx' | 'discount' | 'rounding'>,
): readonly CandidateCause[] {
  const [s, o, f, t, d] = [
    stated,
    official,
    inputs.fx.rate,
    inputs.discount.times,
    inputs.discount.dividedBy,
  ].map((text) => PriceUnits.fromText(text) as bigint) as [bigint, bigint, bigint, bigint, bigint];
  const exact = exactPrice(official, inputs);
  return [
    ...solved('other-exchange-rate', { numerator: s * d, denominator: o * t }),
    ...solved('other-divisor', { numerator: o * f * t, denominator: s * unit * unit }),
    ...solved('other-official-price', { numerator: s * d, denominator: f * t }),
    ...otherRoundings(stated, exact, inputs.rounding),
    ...transposed(stated, roundedPrice(exact, inputs.rounding)),
  ];
}

/** The figure that solves the equation, where it is a figure that a person would write: at most four decimals. */
function solved(
  cause: 'other-exchange-rate' | 'other-divisor' | 'other-official-price',
  { numerator, denominator }: ExactPrice,
): readonly CandidateCause[] {
  if (denominator === 0n || numerator === 0n) return [];
  const scaled = numerator * shortStep;
  if (scaled % denominator !== 0n) return [];
  const short = (scaled / denominator) * (unit / shortStep);
  return [{ cause, value: PriceUnits.toText(short as PriceUnits) }];
}

function otherRoundings(
  stated: string,
  exact: ExactPrice,
  rounding: Derivation['rounding'],
): readonly CandidateCause[] {
  const decimals = stated.includes('.') ? stated.length - stated.indexOf('.') - 1 : 0;
  return roundingModes
    .filter((mode) => mode !== rounding.mode || decimals !== rounding.decimals)
    .filter((mode) => roundedPrice(exact, { mode, decimals }) === stated)
    .map((mode) => ({ cause: 'other-rounding', value: `${mode}, ${decimals.toString()} decimals` }));
}

/** The computed price, where the stated one is it with two neighbouring digits changed about. */
function transposed(stated: string, computed: string): readonly CandidateCause[] {
  const [left, right] = aligned(stated, computed);
  for (let index = 0; index + 1 < left.length; index += 1) {
    const swapped =
      left.slice(0, index) + left.charAt(index + 1) + left.charAt(index) + left.slice(index + 2);
    if (swapped === right && left !== right) return [{ cause: 'transposed-digits', value: computed }];
  }
  return [];
}

/** Both texts as digits of the same scale, without a point. */
function aligned(left: string, right: string): readonly [string, string] {
  const digits = [left, right].map((text) => (PriceUnits.fromText(text) as bigint).toString());
  const width = Math.max(...digits.map((text) => text.length));
  const [first = '', second = ''] = digits.map((text) => text.padStart(width, '0'));
  return [first, second];
}

const unit = 10n ** 12n;
const shortStep = 10n ** 4n;
