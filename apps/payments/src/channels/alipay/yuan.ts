import { z } from 'zod';
import type { MinorMoney } from '../payment-channel.ts';

/** The only currency of this provider. */
export const alipayCurrency = 'CNY';

/** Whole fen as the provider's yuan text, always with two decimals: `88.80`. */
export function yuanOf({ minor }: MinorMoney): string {
  const text = minor.toString().padStart(3, '0');
  return `${text.slice(0, -2)}.${text.slice(-2)}`;
}

/** The provider's yuan text as fen; a third decimal, an exponent or a sign is no amount. */
export const YuanText = z
  .string()
  .regex(/^\d{1,16}(\.\d{1,2})?$/, 'must be yuan with at most two decimals')
  .transform((text): MinorMoney => {
    const [whole = '0', fraction = ''] = text.split('.');
    return { minor: BigInt(whole + fraction.padEnd(2, '0')), currency: alipayCurrency };
  });
