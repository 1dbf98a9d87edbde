import type { CommandOf, DraftOf } from '../draft.ts';
import { id, optional, record, type ValueOf } from '../memo-field.ts';
import { collectionFields } from './charge.ts';

/** The memo of a waiting charge whose time is over. */
export const chargeUncollectedMemo = record({ chargeId: id, keyId: optional(id), ...collectionFields });

/** A waiting charge took what was available; the rest is uncollected. */
export type ChargeUncollected = DraftOf<'charge-uncollected', ValueOf<typeof chargeUncollectedMemo>>;

/** Ends the wait of a charge whose time is over at `occurredAt`. */
export interface EndWait extends CommandOf<'end-wait'> {
  readonly chargeId: string;
}
