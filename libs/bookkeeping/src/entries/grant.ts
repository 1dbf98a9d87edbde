import type { Units18 } from '@app/money';
import type { CommandOf, DraftOf } from '../draft.ts';
import { amount, id, record, type ValueOf } from '../memo-field.ts';

/** The memo of a grant; `reason` is a code. */
export const grantMemo = record({ grantId: id, amount, reason: id });

/** Credit that was given, not paid for: a promotion. */
export type Grant = DraftOf<'grant', ValueOf<typeof grantMemo>>;

/** Gives credit: spent first, never refundable. */
export interface GiveGrant extends CommandOf<'give-grant'> {
  readonly grantId: string;
  readonly amount: Units18;
  readonly reason: string;
}
