import { log, metrics } from '@app/observability';
import { Injectable } from '@nestjs/common';
import { SealKey } from './seal-key.client.ts';
import { cutOf, noSeal, type Seal, signedSeal } from './seal.ts';
import { SealStore } from './seal.store.ts';
import { PublishedOtherwise, SealsFolder } from './seals-folder.client.ts';

const pollMs = 100;

const due = metrics.gauge({
  name: 'ledger_days_unsealed',
  help: 'Days that are over and not sealed or not published yet. More than zero for an hour calls somebody.',
});

/** Seals the days that are over, and publishes seals that are not published. What was missed is caught up. */
@Injectable()
export class SealDaysHandler {
  constructor(
    private readonly seals: SealStore,
    private readonly key: SealKey,
    private readonly folder: SealsFolder,
  ) {}

  /** Gives the seals that it made. Gives up where it is told to end. */
  async handle(signal: AbortSignal = new AbortController().signal): Promise<readonly Seal[]> {
    const days = await this.seals.dueDays();
    due.set({}, days.length);
    const made: Seal[] = [];
    if (days.length > 0) {
      await this.seals.announce(days);
      await this.untilFinal(signal);
      for (const day of days) {
        if (signal.aborted) return made;
        const seal = await this.seal(day);
        if (seal === undefined) break;
        made.push(seal);
      }
    }
    due.set({}, days.length - made.length + (await this.publish()));
    return made;
  }

  /** Waits until every transaction that is running now has ended. New ones are not waited for, and wait for nothing. */
  private async untilFinal(signal: AbortSignal): Promise<void> {
    let waiting = await this.seals.running();
    while (waiting.length > 0 && !signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, pollMs));
      const running = new Set(await this.seals.running());
      waiting = waiting.filter((name) => running.has(name));
    }
    signal.throwIfAborted();
  }

  private async seal(day: string): Promise<Seal | undefined> {
    const seal = await this.seals.sealDay(day, (figures, before) =>
      signedSeal(
        { day, cut: cutOf(day), ...figures, previous: before?.hash ?? noSeal, keyId: this.key.keyId },
        this.key.privateKey,
      ),
    );
    if (seal)
      log().info({ day, books: seal.books, entries: seal.entries, root: seal.root }, 'A day is sealed');
    return seal;
  }

  /** Publishes what is not published yet; gives how many seals could not be. */
  private async publish(): Promise<number> {
    const published = await this.folder.days();
    let failed = 0;
    for (let after = ''; ;) {
      const seals = await this.seals.after(after, 500);
      for (const seal of seals.filter(({ day }) => !published.has(day))) {
        if (!(await this.published(seal))) failed += 1;
      }
      const last = seals.at(-1);
      if (last === undefined) return failed;
      after = last.day;
    }
  }

  private async published(seal: Seal): Promise<boolean> {
    try {
      await this.folder.publish(seal, this.seals.moved(seal.day));
      return true;
    } catch (error) {
      if (!(error instanceof PublishedOtherwise)) throw error;
      log().error({ err: error, day: seal.day }, 'A seal cannot be published: there is another one');
      return false;
    }
  }
}
