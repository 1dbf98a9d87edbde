/** What a key, or a customer, may spend in a window: a day `2026-11-22`, a month `2026-11`, or `total`. */
export interface BudgetLimit {
  readonly owner: string;
  readonly window: string;
  readonly limit: string;
}

/** A budget with what counts against it. */
export interface BudgetUse extends BudgetLimit {
  readonly spent: string;
  /** Held by calls under way. */
  readonly held: string;
}

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
  /** Decided together with the wallet. */
  readonly limits: readonly BudgetLimit[];
}

/** More money for a hold that is not enough. */
export interface ExtensionRequest {
  readonly holdId: string;
  readonly customerId: string;
  /** Unique within the hold: the same extension asked twice is made once. */
  readonly extensionId: string;
  readonly by: string;
  readonly currency: string;
  readonly keyId: string;
  readonly limits: readonly BudgetLimit[];
}

/** The ledger's answer. A refusal is an answer, not a fact: it may be asked again. */
export type HoldAnswer = { readonly isPlaced: true } | HoldRefusal;

/** Why a hold was not placed. */
export interface HoldRefusal {
  readonly isPlaced: false;
  readonly code: string;
  /** What is in the wallet and not held. */
  readonly available: string;
  /** The largest amount that wallet and budgets would let pass. */
  readonly affordable: string;
  /** The budget that refuses; undefined where it is the wallet. */
  readonly budget?: BudgetUse | undefined;
}

/** The port to the ledger's holds. */
export abstract class Holds {
  /** Sets money aside, or says why not. Throws where the ledger does not answer; the hold is then given back. */
  abstract place(request: HoldRequest): Promise<HoldAnswer>;

  /** Sets more money aside, or says why not. Throws where the ledger does not answer; the same may be asked again. */
  abstract extend(request: ExtensionRequest): Promise<HoldAnswer>;

  /** Gives a hold back. Returns at once and goes on trying, for nobody waits for it. */
  abstract release(hold: Pick<HoldRequest, 'holdId' | 'customerId'>, reason: string): void;
}
