/** A hold to be placed before a call. */
export interface HoldRequest {
  readonly holdId: string;
  readonly callId: string;
  readonly customerId: string;
  readonly keyId: string;
  /** The most that the call can cost, as decimal text. */
  readonly amount: string;
  readonly currency: string;
  /** Without a sign of life from this gateway the hold ends then. */
  readonly expiresAt: string;
}

/** More money for a hold that is not enough. */
export interface ExtensionRequest {
  readonly holdId: string;
  readonly customerId: string;
  /** Unique within the hold: the same extension asked twice is made once. */
  readonly extensionId: string;
  readonly by: string;
  readonly currency: string;
}

/** The ledger's answer. A refusal is an answer, not a fact: it may be asked again. */
export type HoldAnswer =
  | { readonly isPlaced: true }
  | { readonly isPlaced: false; readonly code: string; readonly available: string };

/** The port to the ledger's holds. */
export abstract class Holds {
  /** Sets money aside, or says why not. Throws where the ledger does not answer; the hold is then given back. */
  abstract place(request: HoldRequest): Promise<HoldAnswer>;

  /** Sets more money aside, or says why not. Throws where the ledger does not answer; the same may be asked again. */
  abstract extend(request: ExtensionRequest): Promise<HoldAnswer>;

  /** Gives a hold back. Returns at once and goes on trying, for nobody waits for it. */
  abstract release(hold: Pick<HoldRequest, 'holdId' | 'customerId'>, reason: string): void;
}
