import { CallFinished, CallStarted } from './calls.events.ts';
import {
  ChannelFeeReturned,
  ChannelFeeTaken,
  ChannelSettled,
  SuspenseAssigned,
  SuspenseReceived,
  SuspenseReturned,
  UpstreamBillPaid,
} from './channels.events.ts';
import { CustomerChanged, KeyChanged } from './customers.events.ts';
import type { EventDeclaration } from './event.ts';
import { EntryRecorded } from './journal.events.ts';
import {
  CallClosedUncharged,
  PriceVersionPublished,
  UpstreamCostAccrued,
  UsageRated,
  UsageRecorded,
} from './metering.events.ts';
import {
  ExternalRefundFound,
  RefundClosed,
  RefundItemFailed,
  RefundItemPaid,
  RefundRefused,
  RefundRequested,
  RefundReserved,
} from './refunds.events.ts';
import { TopUpSettled } from './top-ups.events.ts';

/** The four services. */
export type ServiceName = 'gateway' | 'metering' | 'ledger' | 'payments';

/** One topic: its name, its only producer, how long it is kept and what may lie on it. */
export interface Topic {
  readonly name: string;
  readonly producer: ServiceName;
  readonly meaning: string;
  /** `compact` keeps the newest record of each key for ever, `delete` ends records after the retention, `keep` never does. */
  readonly retention: 'delete' | 'compact' | 'keep';
  readonly events: readonly EventDeclaration[];
}

/** Every topic, its only producer and what may lie on it. Key: the subject, which is the customer id or platform book id. */
export const topics = {
  calls: {
    name: 'gateway.calls.v1',
    producer: 'gateway',
    meaning: 'The life of relayed calls.',
    retention: 'delete',
    events: [CallStarted, CallFinished],
  },
  usage: {
    name: 'metering.usage.v1',
    producer: 'metering',
    meaning: 'Usage that internal services reported, acknowledged and not yet rated.',
    retention: 'delete',
    events: [UsageRecorded],
  },
  rated: {
    name: 'metering.rated.v1',
    producer: 'metering',
    meaning: 'What calls cost.',
    retention: 'delete',
    events: [UsageRated, CallClosedUncharged, UpstreamCostAccrued],
  },
  topUps: {
    name: 'payments.top-ups.v1',
    producer: 'payments',
    meaning: 'Money that came in, and what channels and banks did with ours.',
    retention: 'delete',
    events: [
      TopUpSettled,
      SuspenseReceived,
      SuspenseAssigned,
      SuspenseReturned,
      ChannelFeeTaken,
      ChannelFeeReturned,
      ChannelSettled,
      UpstreamBillPaid,
    ],
  },
  refunds: {
    name: 'payments.refunds.v1',
    producer: 'payments',
    meaning: 'Refunds asked for, what became of each item at the provider, and refunds that others made.',
    retention: 'delete',
    events: [RefundRequested, RefundItemPaid, RefundItemFailed, ExternalRefundFound],
  },
  ledgerRefunds: {
    name: 'ledger.refunds.v1',
    producer: 'ledger',
    meaning: 'The ledger’s answers to refund requests.',
    retention: 'delete',
    events: [RefundReserved, RefundRefused, RefundClosed],
  },
  journal: {
    name: 'ledger.journal.v1',
    producer: 'ledger',
    meaning: 'Every entry of every book, in book order.',
    retention: 'keep',
    events: [EntryRecorded],
  },
  prices: {
    name: 'metering.prices.v1',
    producer: 'metering',
    meaning: 'Published price versions. Key: rate card, model and version.',
    retention: 'compact',
    events: [PriceVersionPublished],
  },
  customers: {
    name: 'gateway.customers.v1',
    producer: 'gateway',
    meaning: 'The newest state of each customer.',
    retention: 'compact',
    events: [CustomerChanged],
  },
  keys: {
    name: 'gateway.keys.v1',
    producer: 'gateway',
    meaning: 'The newest state of each API key, without secrets. Key: the key id.',
    retention: 'compact',
    events: [KeyChanged],
  },
} as const satisfies Record<string, Topic>;

/** The short name of a topic, such as `rated`. */
export type TopicKey = keyof typeof topics;
/** The name of a topic on the broker, such as `metering.rated.v1`. */
export type TopicName = (typeof topics)[TopicKey]['name'];
/** Every event that may lie on a topic. */
export type EventOn<Key extends TopicKey> = (typeof topics)[Key]['events'][number];

/** The topic of a name, or undefined where there is none. */
export const topicNamed = (name: string): Topic | undefined =>
  Object.values(topics).find((topic) => topic.name === name);
