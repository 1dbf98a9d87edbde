import { log, metrics, RepeatedJob } from '@app/observability';
import { Injectable } from '@nestjs/common';
import { AccountTotalStore } from './account-total.store.ts';
import { InvariantStore } from './invariants.store.ts';
import { RepeatedEventStore } from './repeated-events.store.ts';
import { TrialBalanceStore } from './trial-balance.store.ts';

/** The whole journal, or what was recorded today, is read for it: so it is looked at once a day. */
const longLookEveryMs = 86_400_000;
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
  private nextLongLookMs = Date.now() + 600_000;

  constructor(
    private readonly invariants: InvariantStore,
    private readonly totals: AccountTotalStore,
    private readonly repeatedEvents: RepeatedEventStore,
    private readonly trialBalances: TrialBalanceStore,
  ) {
    super({ everyMs: 30_000, isFirstAtStart: true, failure: 'The invariants could not be looked at' });
  }

  protected async round(): Promise<void> {
    await this.totals.compact();
    const rules = Object.entries((await this.invariants.brokenRules()) ?? {});
    for (const [rule, count] of rules) broken.set({ rule }, Number(count));
    if (rules.some(([, count]) => count !== '0'))
      log().error({ rules }, 'A rule that always holds is broken');
    await this.lookLong();
    const matters = Object.entries((await this.invariants.openMatters()) ?? {});
    for (const [kind, count] of matters) open.set({ kind }, Number(count));
  }

  private async lookLong(): Promise<void> {
    if (Date.now() < this.nextLongLookMs) return;
    await this.lookForRepeatedEvents();
    await this.compareSumsOfDays();
    this.nextLongLookMs = Date.now() + longLookEveryMs;
  }

  /** One event id under two customers: a break that a person must look at. */
  private async lookForRepeatedEvents(): Promise<void> {
    const repeated = await this.repeatedEvents.find(repeatedShown);
    broken.set({ rule: 'event_in_one_book' }, repeated.length);
    if (repeated.length > 0) log().error({ repeated }, 'An event is in more than one book');
  }

  /** The trial balance of now, by the road of those of earlier days. */
  private async compareSumsOfDays(): Promise<void> {
    const agree = await this.trialBalances.doRoadsAgree();
    broken.set({ rule: 'sums_of_days' }, agree ? 0 : 1);
    if (!agree) log().error('The sums of days do not come to the balances that are stored');
  }
}
