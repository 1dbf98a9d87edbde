import { log } from '@app/observability';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { type MeteringSettings, meteringSettingsToken } from '../metering-settings.ts';
import { PublishPriceHandler } from './publish-price.handler.ts';
import { readyMadeVersions } from './ready-made-cards.ts';

/** Publishes the ready-made prices at start, where they are missing; a version that is there already is left alone. */
@Injectable()
export class ReadyMadePricesJob implements OnApplicationBootstrap {
  constructor(
    private readonly publishPrice: PublishPriceHandler,
    @Inject(meteringSettingsToken) private readonly settings: MeteringSettings,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.settings.METERING_READY_MADE_PRICES === 'off') return;
    for (const version of readyMadeVersions) {
      const result = await this.publishPrice.handle(version);
      const { rateCardId, model } = version;
      // A card on which someone published other prices is theirs: their prices stay.
      if ('refusal' in result)
        log().warn({ rateCardId, model, refusal: result.refusal }, 'A ready-made price was left out');
    }
  }
}
