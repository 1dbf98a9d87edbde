import { Instant } from '@app/bookkeeping';
import { log, metrics } from '@app/observability';
import { Injectable } from '@nestjs/common';
import { Journal, type PostRequest } from '../journal/journal.ts';
import { Waits } from '../waits.ts';
import { endWaitRequest, expireRequest, releaseRequest } from './hold-message.ts';
import { HoldStore } from './hold.store.ts';

const atOnceMax = 500;
const expired = metrics.counter({
  name: 'ledger_holds_expired_total',
  help: 'Holds whose gateway fell silent.',
});
const released = metrics.counter({
  name: 'ledger_holds_quarantine_released_total',
  help: 'Holds whose call finished and was never rated: released in the customer’s favour.',
});
const uncollected = metrics.counter({
  name: 'ledger_waits_ended_total',
  help: 'Charges that waited for money as long as they may.',
});

/** Ends what is due: holds without a gateway, holds that were never rated, charges that waited long enough. Each is an entry. */
@Injectable()
export class SweepHandler {
  constructor(
    private readonly journal: Journal,
    private readonly holds: HoldStore,
    private readonly waits: Waits,
  ) {}

  async handle(): Promise<void> {
    const now = Instant.of(Date.now() * 1_000);
    const silent = await this.holds.expired(this.waits.holdExpirySeconds, atOnceMax);
    expired.inc(await this.post(silent.map((hold) => expireRequest(hold, now))));
    const unrated = await this.holds.unrated(this.waits.quarantineSeconds, atOnceMax);
    const present = { now, holdExpirySeconds: this.waits.holdExpirySeconds };
    const releases = unrated.map((hold) => releaseRequest({ ...hold, reason: 'quarantine-over' }, present));
    released.inc(await this.post(releases));
    const overdue = await this.holds.overdueCharges(atOnceMax);
    uncollected.inc(await this.post(overdue.map((charge) => endWaitRequest(charge, now))));
    await this.holds.forgetOldLeases();
  }

  /** How many were recorded. What was refused has ended meanwhile in another way. */
  private async post(requests: readonly PostRequest[]): Promise<number> {
    const outcomes = await this.journal.post(requests);
    const failed = outcomes.filter(({ kind }) => kind === 'failed' || kind === 'conflict');
    if (failed.length > 0) log().error({ failed: failed.slice(0, 3) }, 'What is due could not be ended');
    return outcomes.filter(({ kind }) => kind === 'recorded').length;
  }
}
