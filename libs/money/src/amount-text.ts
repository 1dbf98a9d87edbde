/** Why a text is not an amount; closed, so that every door can translate it. */
export type AmountProblem =
  'empty' | 'too-long' | 'not-a-decimal' | 'too-many-decimals' | 'too-many-integer-digits';

/** The limits of a kind of amount. */
export interface AmountLimits {
  /** At most this many digits after the point. */
  readonly decimalsMax: number;
}

/** Integer digits that an amount may have: the database keeps `numeric(38,18)`. */
export const integerDigitsMax = 20;

/** Decimals that an amount may have. */
export const amountDecimalsMax = 18;

/** Decimals that a price may have, so that price × integer ÷ 10⁶ is exact at 18. */
export const priceDecimalsMax = 12;

/** Longer texts are refused unread: no amount needs more, and a huge one must cost nothing. */
const charactersMax = 64;

const shape = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;

const sentences: Readonly<Record<AmountProblem, string>> = {
  empty: 'an amount must not be empty',
  'too-long': `an amount has at most ${charactersMax.toString()} characters`,
  'not-a-decimal': 'an amount is written in plain digits, such as "0.0195"',
  'too-many-decimals': 'an amount has at most 18 decimals and a price at most 12',
  'too-many-integer-digits': `an amount has at most ${integerDigitsMax.toString()} digits before the point`,
};

/** Refuses a text that is not an amount; `problem` is the closed reason, the message a sentence for people. */
export class InvalidAmount extends Error {
  override readonly name = 'InvalidAmount';
  readonly problem: AmountProblem;

  constructor(problem: AmountProblem) {
    super(sentences[problem]);
    this.problem = problem;
  }
}

/**
 * Says what is wrong with a text as an amount, or undefined where nothing is.
 * Trailing zeros are read (`1.00`), exponents, signs other than minus, spaces, leading zeros and other digits are not.
 */
export function problemOfAmount(
  text: string,
  limits: AmountLimits = { decimalsMax: amountDecimalsMax },
): AmountProblem | undefined {
  if (text.length === 0) return 'empty';
  if (text.length > charactersMax) return 'too-long';
  if (!shape.test(text)) return 'not-a-decimal';
  const point = text.indexOf('.');
  const integerEnd = point < 0 ? text.length : point;
  if (point >= 0 && text.length - point - 1 > limits.decimalsMax) return 'too-many-decimals';
  const integerStart = text.startsWith('-') ? 1 : 0;
  return integerEnd - integerStart > integerDigitsMax ? 'too-many-integer-digits' : undefined;
}

/**
 * Reads a decimal as an integer count of 10⁻ᵈ, where d is `decimalsMax`.
 * Throws `InvalidAmount` where the text is not an amount within the limits.
 */
export function readFixedPoint(text: string, limits: AmountLimits): bigint {
  const problem = problemOfAmount(text, limits);
  if (problem !== undefined) throw new InvalidAmount(problem);
  const point = text.indexOf('.');
  if (point < 0) return BigInt(text + '0'.repeat(limits.decimalsMax));
  const decimals = text.slice(point + 1).padEnd(limits.decimalsMax, '0');
  return BigInt(text.slice(0, point) + decimals);
}

/** Writes an integer count of 10⁻ᵈ in the one text form: no exponent, no trailing zeros, no plus, `0` for zero. */
export function writeFixedPoint(units: bigint, limits: AmountLimits): string {
  const negative = units < 0n;
  const digits = (negative ? -units : units).toString().padStart(limits.decimalsMax + 1, '0');
  const point = digits.length - limits.decimalsMax;
  let end = digits.length;
  while (end > point && digits.charCodeAt(end - 1) === zeroCode) end -= 1;
  const sign = negative ? '-' : '';
  const decimals = end > point ? `.${digits.slice(point, end)}` : '';
  return sign + digits.slice(0, point) + decimals;
}

const zeroCode = 48;
