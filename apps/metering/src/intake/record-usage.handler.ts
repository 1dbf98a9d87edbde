import { topics } from '@app/contracts';
import { Database, fingerprintOf, Outbox, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { CustomerStore } from '../customers/customer.store.ts';
import { callIdOf, type ItemProblem, readReport, recordedEventOf, type UsageReport } from './usage-report.ts';
import { type UsageRecordKey, UsageRecordStore } from './usage-record.store.ts';

/** What became of one item. `recorded` and `duplicate` are said only once the item is durable. */
export type ItemResult =
  | { readonly outcome: 'recorded' | 'duplicate'; readonly callId: string }
  | { readonly outcome: 'refused'; readonly problem: ItemProblem };

/** The most items that are recorded in one transaction. */
export const batchItemsMax = 1_000;

interface Reported {
  readonly report: UsageReport;
  readonly key: UsageRecordKey;
}

/** Takes usage reports: the rows and their events in one transaction, each pair (source, id) once for ever. */
@Injectable()
export class RecordUsageHandler {
  constructor(
    private readonly database: Database,
    private readonly customers: CustomerStore,
    private readonly records: UsageRecordStore,
    private readonly outbox: Outbox,
  ) {}

  /** Records a batch; results are in the order of the items. A bad item is refused alone. */
  async handle(items: readonly unknown[]): Promise<readonly ItemResult[]> {
    const nowMs = Date.now();
    const read = items.map((item) => readReport(item, nowMs));
    const reports = read.flatMap((one) => ('report' in one ? [one.report] : []));
    const known = await this.customers.knownOf(reports.map(({ customerId }) => customerId));
    const reported = reports.filter(({ customerId }) => known.has(customerId)).map(reportedOf);
    const results =
      reported.length === 0 ? [] : await this.database.transaction((tx) => this.record(tx, reported));
    const recorded = results.values();
    return read.map((one): ItemResult => {
      if ('problem' in one) return { outcome: 'refused', problem: one.problem };
      if (!known.has(one.report.customerId)) return { outcome: 'refused', problem: unknownCustomer };
      return recorded.next().value as ItemResult;
    });
  }

  private async record(tx: Tx, reported: readonly Reported[]): Promise<readonly ItemResult[]> {
    const first = new Map<string, Reported>();
    for (const one of reported) if (!first.has(one.key.callId)) first.set(one.key.callId, one);
    const fresh = await this.records.addNew(
      tx,
      [...first.values()].map(({ key }) => key),
    );
    const repeated = [...first.values()].filter(({ key }) => !fresh.has(key.callId));
    const before = await this.records.fingerprintsOf(
      tx,
      repeated.map(({ key }) => key),
    );
    const events = [...first.values()].filter(({ key }) => fresh.has(key.callId));
    await this.outbox.add(
      tx,
      topics.usage.name,
      events.map(({ report }) => recordedEventOf(report)),
    );
    return reported.map((one): ItemResult => {
      const { callId, fingerprint } = one.key;
      if (fresh.has(callId) && first.get(callId) === one) return { outcome: 'recorded', callId };
      const taken = before.get(callId) ?? first.get(callId)?.key.fingerprint;
      if (taken?.equals(fingerprint) === true) return { outcome: 'duplicate', callId };
      return { outcome: 'refused', problem: changed };
    });
  }
}

function reportedOf(report: UsageReport): Reported {
  const { source, id: sourceId, customerId } = report;
  const fingerprint = fingerprintOf(recordedEventOf(report));
  return { report, key: { source, sourceId, callId: callIdOf(report), customerId, fingerprint } };
}

const unknownCustomer: ItemProblem = {
  code: 'unknown-customer',
  field: 'customerId',
  reason: 'names no customer that was announced to metering',
};

const changed: ItemProblem = {
  code: 'conflict',
  field: 'id',
  reason: 'was recorded before with other content; a report is never changed, use a new id',
};
