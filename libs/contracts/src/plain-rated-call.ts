import {
  amountPattern,
  currencyPattern,
  idPattern,
  instantPattern,
  modelPattern,
  pricePattern,
} from './text.ts';
import { TokenKind, UnitKind } from './usage.ts';

/**
 * True only for JSON that the schema of a rated call accepts as it is: the same fields and patterns, looked at without building
 * anything. What is unusual is left to the schema, which also says what is wrong.
 */
export function isPlainRatedCall(data: unknown): boolean {
  if (!hasFields(data, 9)) return false;
  const { callId, customerId, keyId, holdId, model, priceVersionId, occurredAt, charge, lines } = data;
  return (
    [callId, customerId, priceVersionId].every(isId) &&
    [keyId, holdId].every((id) => id === null || isId(id)) &&
    fits(model, modelPattern) &&
    fits(occurredAt, instantPattern) &&
    isCharge(charge) &&
    areLines(lines)
  );
}

function isCharge(charge: unknown): boolean {
  return (
    hasFields(charge, 2) && fits(charge['amount'], amountPattern) && fits(charge['currency'], currencyPattern)
  );
}

const kinds: ReadonlySet<unknown> = new Set([...TokenKind.options, ...UnitKind.options]);

const areLines = (lines: unknown): boolean =>
  Array.isArray(lines) && lines.length <= 32 && lines.every(isLine);

function isLine(line: unknown): boolean {
  if (!hasFields(line, 5)) return false;
  const { kind, quantity, unitPrice, per, amount } = line;
  return (
    kinds.has(kind) &&
    Number.isSafeInteger(quantity) &&
    (quantity as number) >= 0 &&
    fits(unitPrice, pricePattern) &&
    (per === '1000000' || per === '1') &&
    fits(amount, amountPattern)
  );
}

/** So many fields and no more; that they are the right ones is seen by looking at each. */
function hasFields(value: unknown, count: number): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.keys(value).length === count;
}

const fits = (value: unknown, pattern: RegExp): boolean => typeof value === 'string' && pattern.test(value);

const isId = (value: unknown): boolean => fits(value, idPattern);
