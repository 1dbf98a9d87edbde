import { topics } from '@app/contracts';
import { metrics } from '@app/observability';
import { Database, Outbox, type Tx } from '@app/persistence';
import { Inject, Injectable } from '@nestjs/common';
import { CallStore } from '../calls/call.store.ts';
import { unchargedEventOf } from '../calls/ended-call.ts';
import { type MeteringSettings, meteringSettingsToken } from '../metering-settings.ts';
import { type OverdueEnd, QuarantineStore } from './quarantine.store.ts';

const atOnceMax = 500;

const waiting = metrics.gauge({
  name: 'metering_quarantined_calls',
  help: 'Ends of calls that wait for a person; `old` ones have for longer than a person may take.',
  labels: ['age'],
});
const released = metrics.counter({
  name: 'metering_quarantine_expired_total',
  help: 'Quarantined calls that nobody looked at in time: closed in the customer’s favour.',
});

/** Looks at how long calls have waited for a person, and gives up those whose hold was kept as long as it may be. */
@Injectable()
export class ReleaseOverdueHandler {
  constructor(
    private readonly database: Database,
    private readonly quarantine: QuarantineStore,
    private readonly calls: CallStore,
    private readonly outbox: Outbox,
    @Inject(meteringSettingsToken)
    private readonly settings: Pick<
      MeteringSettings,
      'METERING_QUARANTINE_ALERT_SECONDS' | 'METERING_QUARANTINE_RELEASE_SECONDS'
    >,
  ) {}

  /** How many calls were closed. What holds no money, such as reported usage without a price, waits on. */
  async handle(): Promise<number> {
    let total = 0;
    for (let closed = atOnceMax; closed === atOnceMax; total += closed) {
      closed = await this.database.transaction((tx) => this.release(tx));
    }
    const { fresh, old } = await this.quarantine.waiting(this.settings.METERING_QUARANTINE_ALERT_SECONDS);
    waiting.set({ age: 'fresh' }, fresh);
    waiting.set({ age: 'old' }, old);
    return total;
  }

  private async release(tx: Tx): Promise<number> {
    const overdue = await this.quarantine.takeOverdue(
      tx,
      this.settings.METERING_QUARANTINE_RELEASE_SECONDS,
      atOnceMax,
    );
    if (overdue.length === 0) return 0;
    await this.calls.amend(tx, overdue.map(closed));
    await this.quarantine.resolve(tx, overdue.map(resolutionOf));
    const events = overdue.map(({ at, ...call }) => unchargedEventOf({ ...call, reason, endedAt: at }));
    await this.outbox.add(tx, topics.rated.name, events);
    tx.afterCommit(() => {
      released.inc(overdue.length);
    });
    return overdue.length;
  }
}

const reason = 'quarantine_expired' as const;

const closed = ({ customerId, callId }: OverdueEnd) => ({
  ...{ customerId, callId, usage: null, priceVersionId: null, rateCardId: null },
  end: { outcome: 'uncharged' as const, reason },
});

const resolutionOf = ({ customerId, callId, eventId }: OverdueEnd) => ({
  ...{ customerId, callId, eventId, action: 'expire' as const },
  reason: 'Nobody resolved it in time; the hold was given back in the customer’s favour.',
  ...{ usage: null, priceVersionId: null, charge: null, currency: null },
  ...{ actor: 'haoli/metering', clientId: 'metering' },
});
