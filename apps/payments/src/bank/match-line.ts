import type { BankLine } from './bank-statement.ts';
import { codesIn } from './remittance-code.ts';

/** A company that may pay by transfer. */
export interface RemittingCompany {
  readonly customerId: string;
  readonly code: string;
  /** The name of its account as two people verified it; null until they have. */
  readonly verifiedName: string | null;
  readonly isActive: boolean;
}

/** Why a person must look: what is known of the customer stands beside it. */
export type ReviewReason =
  | 'third-party-payer'
  | 'name-not-verified'
  | 'several-codes'
  | 'customer-blocked'
  | 'foreign-currency'
  | 'above-automatic-limit'
  | 'below-minimum'
  | 'reversal';

/** What becomes of money that came in. Only a valid code and the verified name credit without a person. */
export type Matched =
  | { readonly kind: 'automatic'; readonly customerId: string }
  | { readonly kind: 'review'; readonly reason: ReviewReason; readonly customerId: string | null }
  | { readonly kind: 'suspense'; readonly reason: 'no-code' | 'unknown-code' };

export interface MatchTerms {
  readonly companies: ReadonlyMap<string, RemittingCompany>;
  readonly currency: string;
  /** At least this, in whole units of the currency, and less than that without a person. */
  readonly minimum: string;
  readonly automaticBelow: string;
}

/** Matches money that came in; the amount alone never says whose it is. */
export function matchLine(line: BankLine, { companies, currency, ...limits }: MatchTerms): Matched {
  const codes = codesIn(line.memo);
  if (codes.length === 0) return { kind: 'suspense', reason: 'no-code' };
  const known = codes.flatMap((code) => companies.get(code) ?? []);
  if (known.length === 0) return { kind: 'suspense', reason: 'unknown-code' };
  const [company] = known;
  if (codes.length > 1 || !company) return { kind: 'review', reason: 'several-codes', customerId: null };
  const reason = doubtOf(line, company, { currency, ...limits });
  if (reason) return { kind: 'review', reason, customerId: company.customerId };
  return { kind: 'automatic', customerId: company.customerId };
}

function doubtOf(
  { amount, partyName, isReversal }: BankLine,
  { isActive, verifiedName }: RemittingCompany,
  { currency, minimum, automaticBelow }: Omit<MatchTerms, 'companies'>,
): ReviewReason | undefined {
  if (isReversal) return 'reversal';
  if (amount.currency !== currency) return 'foreign-currency';
  if (!isActive) return 'customer-blocked';
  if (verifiedName === null) return 'name-not-verified';
  if (plainName(partyName) !== plainName(verifiedName)) return 'third-party-payer';
  const units = amount.toUnits();
  if (units < unitsOf(minimum)) return 'below-minimum';
  return units < unitsOf(automaticBelow) ? undefined : 'above-automatic-limit';
}

const unitsOf = (whole: string): bigint => BigInt(whole) * 10n ** 18n;

/** Banks write one name in several ways: width, brackets, spaces. */
export const plainName = (name: string): string =>
  name
    .normalize('NFKC')
    .replace(/[\s()[\]{}【】〔〕·.]/g, '')
    .toUpperCase();
