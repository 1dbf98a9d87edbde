import type { DraftOf } from '../draft.ts';
import { id, optional, record, type ValueOf } from '../memo-field.ts';
import { collectionFields } from './charge.ts';

/** The memo of a waiting charge that was collected in full. */
export const chargeCollectedMemo = record({ chargeId: id, keyId: optional(id), ...collectionFields });

/** A waiting charge found its money. Follows in the same decision whatever made the money available. */
export type ChargeCollected = DraftOf<'charge-collected', ValueOf<typeof chargeCollectedMemo>>;
