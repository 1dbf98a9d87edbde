import { log, metrics, RepeatedJob } from '@app/observability';
import { Injectable } from '@nestjs/common';
import { AccountTotalStore } from './account-total.store.ts';
import { InvariantStore } from './invariants.store.ts';
import { RepeatedEventStore } from './repeated-events.store.ts';

/** The whole journal is read for it, so it is looked at once a day. */
const repeatedEveryMs = 86_400_000;
const repeatedShown = 20;

const broken = metrics.gauge({
  name: 'ledger_invariant_breaks',
  help: 'How often a rule that always holds is broken in what is stored. Anything but zero calls somebody.',
  labels: ['rule'],
});
const open = metrics.gauge({
  name: 'ledger_open_matters',
  help: 'Holds that are open, holds that finished a day ago and were never rated, charges that wait for money.',
  labels: ['kind'],
});

/** Watches the ledger's invariants and tells the metrics; before each look, puts crowded totals together. */
@Injectable()
export class WatchInvariantsJob extends RepeatedJob {
  /** The first look comes a while after the start, when the service has caught up. */
  private nextRepeatedMs = Date.now() + 600_000;

  constructor(
    private readonly invariants: InvariantStore,
    private readonly totals: AccountTotalStore,
    private readonly repeatedEvents: RepeatedEventStore,
  ) {
    super({ everyMs: 30_000, isFirstAtStart: true, failure: 'The invariants could not be looked at' });
  }

  protected async round(): Promise<void> {
    await this.totals.compact();
    const rules = Object.entries((await this.invariants.brokenRules()) ?? {});
    for (const [rule, count] of rules) broken.set({ rule }, Number(count));
    if (rules.some(([, count]) => count !== '0'))
      log().error({ rules }, 'A rule that always holds is broken');
    await this.lookForRepeatedEvents();
    const matters = Object.entries((await this.invariants.openMatters()) ?? {});
    for (const [kind, count] of matters) open.set({ kind }, Number(count));
  }

  /** One event id under two customers: a break that a person must look at. */
  private async lookForRepeatedEvents(): Promise<void> {
    if (Date.now() < this.nextRepeatedMs) return;
    const repeated = await this.repeatedEvents.find(repeatedShown);
    this.nextRepeatedMs = Date.now() + repeatedEveryMs;
    broken.set({ rule: 'event_in_one_book' }, repeated.length);
    if (repeated.length > 0) log().error({ repeated }, 'An event is in more than one book');
  }
}
