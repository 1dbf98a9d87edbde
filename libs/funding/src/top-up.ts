import type { Money } from '@app/money';
import type { AmountRefusal } from './payable-amount.ts';

/** Where an order stands. `succeeded` is never left; `closed` and `failed` only by proof of payment. */
export type TopUpStatus =
  'created' | 'pending' | 'unknown' | 'succeeded' | 'closed' | 'failed' | 'review' | 'paid_back';

/** How the customer pays: a QR code, a page to go to, or the account to transfer to. */
export interface PayAction {
  readonly kind: string;
  readonly value: string;
}

/** A payment as the provider proves it. */
export interface Payment {
  /** The provider's own number of the payment. */
  readonly providerReference: string;
  readonly paid: Money;
  readonly paidAt: string;
}

/** Why a payment does not simply credit its order. */
export type QuestionReason =
  | 'recipient-differs'
  | 'currency-differs'
  | 'amount-differs'
  | 'paid-twice'
  | 'pays-another-order'
  | 'customer-blocked';

/** What two people decide about a questioned payment: credit what was paid, or send it back. */
export type Resolution = 'credit' | 'pay-back';

/** A payment that waits for two people, or waited for them. */
export interface QuestionedPayment extends Payment {
  readonly reason: QuestionReason;
  /** Null while the question is open. */
  readonly resolution: Resolution | null;
}

/** The two people behind a manual movement of money; never the same one. */
export interface Approval {
  readonly proposedBy: string;
  readonly approvedBy: string;
}

/** An order to pay money into a wallet. */
export interface TopUp {
  readonly topUpId: string;
  readonly customerId: string;
  readonly channel: string;
  readonly amount: Money;
  readonly status: TopUpStatus;
  readonly action: PayAction | null;
  readonly failureCode: string | null;
  /** What credited the wallet. */
  readonly payment: Payment | null;
  readonly questions: readonly QuestionedPayment[];
}

/** What the provider answered to our call: `unknown` is neither yes nor no, and is resolved by a query. */
export type ProviderAnswer =
  | { readonly kind: 'ok'; readonly action: PayAction }
  | { readonly kind: 'failed'; readonly code: string }
  | { readonly kind: 'unknown'; readonly code: string };

/** How the order stands at the provider, by a verified notification or by its answer to a query. */
export type Trade =
  | { readonly state: 'unpaid' | 'closed' | 'not-found' }
  | {
      readonly state: 'paid';
      readonly payment: Payment;
      /** False where the proof names another merchant or another app than ours. */
      readonly recipientIsOurs: boolean;
      /** True where this very payment has credited another order: it is not money that came twice. */
      readonly paysAnotherOrder?: boolean;
      /** False where the customer was suspended or closed meanwhile: the money is real, and goes to no wallet by itself. */
      readonly customerIsActive?: boolean;
    };

export type TopUpCommand =
  | {
      readonly type: 'StartTopUp';
      readonly topUpId: string;
      readonly customerId: string;
      readonly channel: string;
      readonly amount: string;
      readonly currency: string;
      /** In the same currency; one whole unit unless said otherwise. There is no maximum. */
      readonly minimum?: string;
    }
  | { readonly type: 'RecordAnswer'; readonly answer: ProviderAnswer }
  | { readonly type: 'RecordTrade'; readonly trade: Trade }
  | {
      readonly type: 'ResolveQuestion';
      readonly providerReference: string;
      readonly resolution: Resolution;
      readonly approval: Approval;
    };

export type TopUpEvent =
  | {
      readonly type: 'TopUpStarted';
      readonly topUpId: string;
      readonly customerId: string;
      readonly channel: string;
      readonly amount: Money;
    }
  | { readonly type: 'TopUpAccepted'; readonly action: PayAction | null }
  | { readonly type: 'TopUpUncertain'; readonly code: string }
  | { readonly type: 'TopUpNotAtProvider' }
  | { readonly type: 'TopUpFailed'; readonly code: string }
  | { readonly type: 'TopUpClosed' }
  | {
      readonly type: 'TopUpSettled';
      readonly payment: Payment;
      /** True where our order had already been closed or had failed. */
      readonly late: boolean;
      /** Null where the proof alone credited. */
      readonly approval: Approval | null;
    }
  | { readonly type: 'TopUpQuestioned'; readonly question: QuestionedPayment }
  | { readonly type: 'TopUpPaidBack'; readonly payment: Payment; readonly approval: Approval };

export type TopUpRefusal =
  | AmountRefusal
  | { readonly code: 'unknown-top-up' }
  | { readonly code: 'id-taken'; readonly topUpId: string }
  | { readonly code: 'unknown-payment'; readonly providerReference: string }
  | { readonly code: 'already-resolved'; readonly resolution: Resolution }
  | { readonly code: 'already-credited'; readonly providerReference: string }
  | { readonly code: 'other-currency'; readonly paid: string; readonly wallet: string }
  | { readonly code: 'same-person'; readonly person: string };
