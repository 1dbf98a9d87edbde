import type { Event } from '@app/contracts';

/** What every record of a batch has. */
interface RecordPlace {
  readonly offset: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The bytes as they lay on the broker, to be kept where the record is parked. */
  readonly raw: Buffer;
}

/** One record: an event of its topic, or something else with the reason why it is not one. */
export type ReceivedRecord =
  | (RecordPlace & { readonly event: Event; readonly rejected?: undefined })
  | (RecordPlace & { readonly rejected: string; readonly event?: undefined });

/** Records of one partition, in order. A consumer handles it whole: when its method resolves, the effect is committed. */
export interface EventBatch {
  /** The consumer group without prefix, such as `ledger.metering.rated.v1`. */
  readonly group: string;
  /** The topic without prefix. */
  readonly topic: string;
  readonly partition: number;
  readonly firstOffset: string;
  readonly lastOffset: string;
  readonly records: readonly ReceivedRecord[];
  /** Whether offsets on this topic are without gaps; compacted topics have them. */
  readonly dense: boolean;
  /** Set when a person drives a parked message again: the id of the parked message. Offsets then mean nothing. */
  readonly redriveOf?: string;
  /** Tells the broker that this consumer lives; called by a timer too, so that handlers need not. */
  heartbeat(): Promise<void>;
  /** Aborted when the partition was given to another consumer, or the process is going down. */
  readonly signal: AbortSignal;
}
