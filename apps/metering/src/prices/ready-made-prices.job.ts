import { log } from '@app/observability';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { type MeteringSettings, meteringSettingsToken } from '../metering-settings.ts';
import { PublishPricesHandler } from './publish-prices.handler.ts';
import { readyMadeVersions } from './ready-made-cards.ts';

/** Publishes the ready-made prices at start, where they are missing; a version that is there already is left alone. */
@Injectable()
export class ReadyMadePricesJob implements OnApplicationBootstrap {
  constructor(
    private readonly publishPrices: PublishPricesHandler,
    @Inject(meteringSettingsToken) private readonly settings: MeteringSettings,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.settings.METERING_READY_MADE_PRICES === 'off') return;
    for (const version of readyMadeVersions) {
      const result = await this.publishPrices.handle({ versions: [version], by: null, reason: undefined });
      const { rateCardId, model } = version;
      // A card on which someone published other prices is theirs: their prices stay.
      if (result.outcome !== 'refused') continue;
      const refusal = result.examination.versions[0]?.refusal;
      log().warn({ rateCardId, model, refusal }, 'A ready-made price was left out');
    }
  }
}
