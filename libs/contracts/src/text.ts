import { z } from 'zod';

/** The text form of an amount: no sign, no exponent, no leading or trailing zeros, at most 20 integer digits and 18 decimals. */
export const amountPattern = /^(?:0|[1-9]\d{0,19})(?:\.\d{0,17}[1-9])?$/;
const signedAmountPattern = /^(?:0|-?(?:(?:0|[1-9]\d{0,19})\.\d{0,17}[1-9]|[1-9]\d{0,19}))$/;
export const pricePattern = /^(?:0|[1-9]\d{0,19})(?:\.\d{0,11}[1-9])?$/;

/** A decimal amount that is not negative, as canonical text; the only form in which money crosses a wire. */
export const AmountText = z
  .string()
  .max(39)
  .regex(
    amountPattern,
    'must be a decimal in its shortest text form, such as "0.0195", with at most 18 decimals',
  );

/** A decimal amount that may be negative, as canonical text. */
export const SignedAmountText = z
  .string()
  .max(40)
  .regex(
    signedAmountPattern,
    'must be a decimal in its shortest text form, such as "-0.0195", with at most 18 decimals',
  );

/** A unit price: at most 12 decimals, so that price × integer / 10⁶ is exact at 18. */
export const PriceText = z
  .string()
  .max(33)
  .regex(
    pricePattern,
    'must be a decimal in its shortest text form, such as "2.5", with at most 12 decimals',
  );

export const currencyPattern = /^[A-Z]{3}$/;

/** An ISO 4217 currency code. */
export const CurrencyCode = z
  .string()
  .regex(currencyPattern, 'must be a currency code of three capital letters, such as "CNY"');

/** Money on every wire: text and a currency, never a JSON number. */
export const MoneyText = z.strictObject({ amount: AmountText, currency: CurrencyCode });
export type MoneyText = z.infer<typeof MoneyText>;

/** Days that the calendar has, in years from 0001: PostgreSQL knows no other. */
const leapYear = '(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)';
const anyYear = '(?!0000)\\d{4}';
const dayOfYear =
  '(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8])';
const day = `(?:${leapYear}-02-29|${anyYear}-(?:${dayOfYear}))`;

export const instantPattern = new RegExp(`^${day}T(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,6})?Z$`);

/** An instant in UTC with at most microseconds, such as `2026-11-22T08:00:00.123456Z`. */
export const InstantText = z
  .string()
  .max(27)
  .regex(instantPattern, 'must be a UTC instant such as "2026-11-22T08:00:00.123456Z"');

export const idPattern = /^[\x21-\x7e]{1,128}$/;

/** An id: printable ASCII without spaces, at most 128 characters. */
export const Id = z.string().regex(idPattern, 'must be 1 to 128 printable ASCII characters without spaces');

/** A short code such as a plan, a rate card, a channel or an upstream. */
export const Code = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be 1 to 64 lower-case letters, digits and dashes');

export const modelPattern = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/;

/** The name of a model as customers write it. */
export const ModelName = z.string().regex(modelPattern, 'must be a model name of at most 128 characters');

/** A count of tokens, images, seconds or requests. */
export const Quantity = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

/** SHA-256 as lower-case hexadecimal. */
export const Sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits');
