import { invariant } from '@app/decider';

/** The id of a ledger account. The chart is closed: these forms and no others. */
export type AccountId =
  | WalletAccountId
  | `clearing:${string}`
  | `suspense:${string}`
  | `payable:upstream:${string}`
  | 'receivable:shortfall'
  | 'refunds:pending'
  | 'opening'
  | 'revenue:usage:paid'
  | 'revenue:usage:granted'
  | 'revenue:usage:uncollected'
  | 'expense:upstream'
  | 'expense:promotion'
  | 'expense:compensation'
  | 'expense:channel-fees'
  | 'expense:uncollected'
  | 'expense:rounding'
  | 'expense:fx-difference';

/** The two accounts of a customer's wallet. */
export type WalletAccountId = `wallet:${string}:paid` | `wallet:${string}:granted`;

/** What kind of account it is; the side on which it grows follows from it. */
export type AccountClass = 'asset' | 'liability' | 'equity' | 'revenue' | 'expense';

/** A side of a posting. */
export type Side = 'debit' | 'credit';

/** One line of the chart of accounts. */
export interface AccountFamily {
  /** The id, or its form with `*` for the part that is data. */
  readonly form: string;
  readonly class: AccountClass;
  /** The side on which the account grows. */
  readonly normalSide: Side;
  /**
   * Whether the account may stand on the other side than its normal one: `never`, not even in one book; `in-one-book`,
   * where only the sum over all books must not; or `always`.
   */
  readonly overdraft: 'never' | 'in-one-book' | 'always';
}

/** The closed chart of accounts. */
export const chartOfAccounts: readonly AccountFamily[] = [
  { form: 'wallet:*:paid', class: 'liability', normalSide: 'credit', overdraft: 'never' },
  { form: 'wallet:*:granted', class: 'liability', normalSide: 'credit', overdraft: 'never' },
  { form: 'clearing:*', class: 'asset', normalSide: 'debit', overdraft: 'always' },
  { form: 'receivable:shortfall', class: 'asset', normalSide: 'debit', overdraft: 'never' },
  { form: 'refunds:pending', class: 'liability', normalSide: 'credit', overdraft: 'never' },
  { form: 'suspense:*', class: 'liability', normalSide: 'credit', overdraft: 'in-one-book' },
  { form: 'payable:upstream:*', class: 'liability', normalSide: 'credit', overdraft: 'always' },
  { form: 'opening', class: 'equity', normalSide: 'credit', overdraft: 'always' },
  { form: 'revenue:usage:paid', class: 'revenue', normalSide: 'credit', overdraft: 'never' },
  { form: 'revenue:usage:granted', class: 'revenue', normalSide: 'credit', overdraft: 'never' },
  { form: 'revenue:usage:uncollected', class: 'revenue', normalSide: 'credit', overdraft: 'never' },
  { form: 'expense:upstream', class: 'expense', normalSide: 'debit', overdraft: 'never' },
  { form: 'expense:promotion', class: 'expense', normalSide: 'debit', overdraft: 'never' },
  { form: 'expense:compensation', class: 'expense', normalSide: 'debit', overdraft: 'never' },
  { form: 'expense:channel-fees', class: 'expense', normalSide: 'debit', overdraft: 'in-one-book' },
  { form: 'expense:uncollected', class: 'expense', normalSide: 'debit', overdraft: 'never' },
  { form: 'expense:rounding', class: 'expense', normalSide: 'debit', overdraft: 'always' },
  { form: 'expense:fx-difference', class: 'expense', normalSide: 'debit', overdraft: 'always' },
];

/** The data of an account id: a customer, a channel or an upstream; ids keep their case, codes are lower-case. */
const part = '[A-Za-z0-9_.-]{1,128}';
const hasData = ({ form }: AccountFamily): boolean => form.includes('*');
const exact = new Map(
  chartOfAccounts.filter((family) => !hasData(family)).map((family) => [family.form, family]),
);
const patterns = chartOfAccounts
  .filter(hasData)
  .map((family) => ({ family, pattern: new RegExp(`^${family.form.replace('*', part)}$`) }));

/** The line of the chart that a text belongs to, or undefined where the text names no account. */
export function findAccountFamily(text: string): AccountFamily | undefined {
  return exact.get(text) ?? patterns.find(({ pattern }) => pattern.test(text))?.family;
}

/** Reads an account id; a text outside the chart is an InvariantViolation, because only the ledger writes them. */
export function parseAccountId(text: string): AccountId {
  invariant(findAccountFamily(text) !== undefined, `${text} is not in the chart of accounts`);
  return text as AccountId;
}

/** The account of money that a customer paid in and has not used. */
export function paidAccount(customerId: string): AccountId {
  return `wallet:${customerId}:paid`;
}

/** The account of credit that a customer was given. */
export function grantedAccount(customerId: string): AccountId {
  return `wallet:${customerId}:granted`;
}

/** Whether the account is one of a wallet, which heads keep; all others are kept as totals. */
export function isWalletAccount(account: AccountId): account is WalletAccountId {
  return account.startsWith('wallet:');
}
