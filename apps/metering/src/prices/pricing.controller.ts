import { Public } from '@app/transport';
import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { PriceChanges, Pricing } from './price-view.ts';
import { ChangesQuestion, PricesQuestion, ReadPricesHandler } from './read-prices.handler.ts';

/** The price lists of public cards, open to everyone. */
@ApiTags('prices')
@Controller('v1/pricing')
@Public()
export class PricingController {
  constructor(private readonly read: ReadPricesHandler) {}

  @Get()
  @ApiOperation({ summary: 'Prices in force now and those announced for later' })
  @ApiOkResponse({ standardSchema: Pricing })
  async list(@Query({ schema: PricesQuestion }) { card }: z.infer<typeof PricesQuestion>): Promise<Pricing> {
    return { versions: [...(await this.read.prices(this.read.publicCard(card)))] };
  }

  @Get('changes')
  @ApiOperation({ summary: 'What was announced, the latest first, with what each version changes' })
  @ApiOkResponse({ standardSchema: PriceChanges })
  changes(@Query({ schema: ChangesQuestion }) question: ChangesQuestion): Promise<PriceChanges> {
    return this.read.changes({ ...question, card: this.read.publicCard(question.card) });
  }
}
