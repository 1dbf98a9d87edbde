export { refund } from './decide-refund.ts';
export { topUp } from './decide-top-up.ts';
export { type AmountRefusal, type AskedAmount, refundAmount, topUpAmount } from './payable-amount.ts';
export type {
  ItemOutcome,
  Refund,
  RefundAsked,
  RefundCommand,
  RefundEvent,
  RefundItem,
  RefundItemEvent,
  RefundItemStatus,
  RefundRefusal,
  RefundStatus,
  ReservedItem,
} from './refund.ts';
export type {
  Approval,
  PayAction,
  Payment,
  ProviderAnswer,
  QuestionedPayment,
  QuestionReason,
  Resolution,
  TopUp,
  TopUpCommand,
  TopUpEvent,
  TopUpRefusal,
  TopUpStatus,
  Trade,
} from './top-up.ts';
