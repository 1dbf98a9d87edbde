import type { BillKind, FundLine, TradeLine } from './daily-bill.ts';

/** Money in whole minor units of its currency (fen for CNY): the only form that a provider moves. */
export interface MinorMoney {
  readonly minor: bigint;
  readonly currency: string;
}

/**
 * What asking a provider came to. `unknown` means that the money may or may not have moved: it is resolved by a query
 * with the same number, never by a new number. A failure that is `retriable` did not happen and may be asked for again.
 */
export type Outcome<Value> =
  | { readonly kind: 'ok'; readonly value: Value }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      readonly retriable: boolean;
      /** Where more is known: our balance there is too low, or the provider no longer pays this order back. */
      readonly because?: 'no-funds' | 'past-window';
    }
  | { readonly kind: 'unknown'; readonly code: string; readonly message: string };

/** The ways to pay: scan a code, go to a page, pay inside the provider's own app, or transfer to our bank account. */
export const payMethods = ['qr', 'page', 'jsapi', 'transfer'] as const;
export type PayMethod = (typeof payMethods)[number];

/** How the customer pays: the text of the QR code, the address of the page, or the app's parameters as JSON. */
export interface PayAction {
  readonly kind: 'qr' | 'redirect' | 'jsapi';
  readonly value: string;
}

/** An order as the provider tells it, proven by its signature. */
export interface ProviderTrade {
  readonly number: string;
  readonly state: 'unpaid' | 'paid' | 'closed';
  readonly told: MinorMoney;
  /** The provider's number of the payment; there is none before it is paid. */
  readonly reference?: string;
  readonly paidAt?: string;
  /** False where the provider names another merchant or app than ours. */
  readonly ours: boolean;
}

/** A refund as the provider tells it, proven by its signature. */
export interface ProviderRefund {
  readonly number: string;
  readonly state: 'processing' | 'paid' | 'closed' | 'abnormal';
  readonly told: MinorMoney;
  readonly reference: string;
  readonly endedAt?: string;
}

/**
 * What a verified notification says. `refund-hint` says that something became of a refund, without an amount of its own:
 * a query must tell. `ignored` is a kind of event that moves no money here.
 */
export type ProviderNews = {
  /** The provider's number of the notification. */
  readonly key: string;
  /** The key that it was proven by. */
  readonly serial: string;
} & (
  | { readonly kind: 'payment'; readonly trade: ProviderTrade }
  | { readonly kind: 'refund'; readonly refund: ProviderRefund; readonly ours: boolean }
  | { readonly kind: 'refund-hint'; readonly number: string; readonly ours: boolean }
  | { readonly kind: 'ignored'; readonly type: string }
);

/** Why a notification is not believed. A probe is the provider's own test of us and no attack. */
export type NotificationFault =
  | 'missing-header'
  | 'probe'
  | 'stale'
  | 'unknown-serial'
  | 'bad-signature'
  | 'bad-envelope'
  | 'bad-ciphertext'
  | 'bad-content';

/** A notification that is not believed: nothing of it is stored, and the provider is answered with an error. */
export class NotificationRefused extends Error {
  override readonly name = 'NotificationRefused';

  constructor(
    readonly reason: NotificationFault,
    detail: string,
  ) {
    super(`${reason}: ${detail}`);
  }
}

/** A notification as it came over the wire; the body is the very bytes that were signed. */
export interface RawNotification {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  readonly receivedAt: Date;
}

/** What a provider allows. Beyond it there are other ways to pay or to pay back, which the refusal names. */
export interface ChannelPolicy {
  readonly currencies: readonly string[];
  /** The ways to pay, the usual one first. */
  readonly methods: readonly PayMethod[];
  /** The largest order that the provider's format can carry, in minor units. */
  readonly orderMinorMax: bigint;
  readonly refundWindowDays: number;
  readonly refundsPerOrderMax: number;
  readonly refundSpacingMs: number;
}

export interface NewOrder {
  readonly number: string;
  readonly amount: MinorMoney;
  readonly description: string;
  readonly expiresAt: Date;
  readonly method: PayMethod;
  /** Who pays, in the provider's words, where the method needs to know: for `jsapi` the openid. */
  readonly payer?: string | undefined;
  /** Where a page sends the payer afterwards. That they came back proves nothing. */
  readonly returnUrl?: string | undefined;
}

/** A refund is known by its own number and by that of the order it pays back. */
export interface RefundNumbers {
  readonly number: string;
  readonly orderNumber: string;
}

export interface NewRefund extends RefundNumbers {
  readonly refund: MinorMoney;
  /** What was paid, which providers want to hear again. */
  readonly paid: MinorMoney;
  readonly reason: string;
}

export interface WantedBill {
  readonly kind: BillKind;
  readonly day: string;
  /** Where to put it; what is there is overwritten. */
  readonly file: string;
}

/**
 * One payment provider. Every call may be repeated with the same number without a second effect; that is how an unknown
 * outcome is resolved. Nothing here touches our database.
 */
export abstract class PaymentChannel {
  /** Its code in orders, events and the ledger's account names, such as `wechat-pay`. */
  abstract readonly code: string;
  abstract readonly policy: ChannelPolicy;

  abstract create(order: NewOrder): Promise<Outcome<PayAction>>;
  /** Null where the provider says that it has no such order. */
  abstract query(number: string): Promise<Outcome<ProviderTrade | null>>;
  /** Afterwards the order cannot be paid, save for money that was on its way; ask again to be sure. */
  abstract close(number: string): Promise<Outcome<'closed'>>;
  abstract refund(refund: NewRefund): Promise<Outcome<ProviderRefund>>;
  /** Null where the provider says that it has no such refund. */
  abstract queryRefund(refund: RefundNumbers): Promise<Outcome<ProviderRefund | null>>;
  /**
   * Fetches a bill of a day (`2026-11-22` in Beijing) into a file, whole and with its digest checked. `none` where the
   * provider says that nothing happened; retriable where it has not made the bill yet.
   */
  abstract fetchBill(wanted: WantedBill): Promise<Outcome<'fetched' | 'none'>>;
  /** The lines of a fetched trade bill; throws UnreadableBill where it contradicts itself. */
  abstract tradeLines(file: string): AsyncIterable<TradeLine>;
  /** The lines of a fetched fund bill; throws UnreadableBill where it contradicts itself. */
  abstract fundLines(file: string): AsyncIterable<FundLine>;
  /** Proves a notification and tells what it says; throws NotificationRefused where it proves nothing. */
  abstract read(notification: RawNotification): ProviderNews;
}

/** The channels that this installation has, by code. */
export class PaymentChannels {
  private readonly channels: ReadonlyMap<string, PaymentChannel>;

  constructor(channels: readonly PaymentChannel[]) {
    this.channels = new Map(channels.map((channel) => [channel.code, channel]));
  }

  find(code: string): PaymentChannel | undefined {
    return this.channels.get(code);
  }

  /** The channel of a stored order; an installation never loses a channel that it has orders of. */
  of(code: string): PaymentChannel {
    const channel = this.channels.get(code);
    if (!channel) throw new Error(`There is no payment channel ${code} in this installation.`);
    return channel;
  }

  codes(): readonly string[] {
    return [...this.channels.keys()];
  }
}
