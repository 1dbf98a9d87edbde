export { AccountId, EntryRecorded } from './journal.events.ts';
export { CallFinished, CallStarted, UnchargedReason } from './calls.events.ts';
export {
  ChannelFeeReturned,
  ChannelFeeTaken,
  ChannelSettled,
  SuspenseAssigned,
  SuspenseReceived,
  SuspenseReturned,
  UpstreamBillPaid,
} from './channels.events.ts';
export { CustomerChanged, KeyChanged, PlanTerms } from './customers.events.ts';
export { eventDocuments, type GeneratedDocument } from './documents.ts';
export { defineEvent, type Event, type EventDeclaration, type EventOf } from './event.ts';
export {
  CallClosedUncharged,
  PriceVersionPublished,
  UpstreamCostAccrued,
  UsageRated,
  UsageRecorded,
} from './metering.events.ts';
export { channelBookOf, upstreamBookOf } from './platform-books.ts';
export {
  ExternalRefundFound,
  RefundClosed,
  RefundItem,
  RefundItemFailed,
  RefundItemPaid,
  RefundRefused,
  RefundRequested,
  RefundReserved,
} from './refunds.events.ts';
export {
  AmountText,
  Code,
  CurrencyCode,
  Id,
  InstantText,
  ModelName,
  MoneyText,
  PriceText,
  Quantity,
  Sha256Hex,
  SignedAmountText,
} from './text.ts';
export { TopUpSettled } from './top-ups.events.ts';
export {
  type EventOn,
  type ServiceName,
  type Topic,
  type TopicKey,
  type TopicName,
  topicNamed,
  topics,
} from './topics.ts';
export {
  ChargeLine,
  Endpoint,
  PriceBasis,
  PriceDerivation,
  PriceTerms,
  RawUsage,
  SeenAnswer,
  TokenCounts,
  TokenKind,
  UnitCounts,
  UnitKind,
  Usage,
  UsageFamily,
  UsageSource,
} from './usage.ts';
export {
  canonicalText,
  encodeEvent,
  parseEvent,
  type RejectedMessage,
  type WireEvent,
  wireOf,
} from './wire.ts';
export type * as LedgerApi from './proto/haoli/ledger/v1/ledger.ts';
export type * as MeteringApi from './proto/haoli/metering/v1/metering.ts';
export type * as PaymentsApi from './proto/haoli/payments/v1/payments.ts';
