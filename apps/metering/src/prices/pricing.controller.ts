import { Code } from '@app/contracts';
import { Public } from '@app/transport';
import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { PriceBookStore } from './price-book.store.ts';
import { Pricing, viewOf } from './price-view.ts';

const PricingQuery = z.object({ card: Code.optional() });

/** The price list, open to everyone. */
@ApiTags('prices')
@Controller('v1/pricing')
@Public()
export class PricingController {
  constructor(private readonly book: PriceBookStore) {}

  @Get()
  @ApiOperation({ summary: 'Prices in force now and those announced for later' })
  @ApiOkResponse({ standardSchema: Pricing })
  async list(@Query({ schema: PricingQuery }) { card }: z.infer<typeof PricingQuery>): Promise<Pricing> {
    return { versions: (await this.book.announced(card)).map(viewOf) };
  }
}
