import { Code } from '@app/contracts';
import { Problem, Scopes } from '@app/transport';
import { Body, Controller, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { PublicationRefusal } from './price-publication.ts';
import { proposedVersionOf, PublishPrice, PublishedPrice, viewOf } from './price-view.ts';
import { PublishPriceHandler } from './publish-price.handler.ts';

/** Publishes prices. A version is immutable, and its place (card, model, instant) makes the request repeatable. */
@ApiTags('prices')
@Controller('v1/rate-cards')
@Scopes('prices:publish')
export class PriceVersionsController {
  constructor(private readonly publishPrice: PublishPriceHandler) {}

  @Post(':card/price-versions')
  @ApiOperation({
    summary: 'Publishes a price version of one model; asking again with the same content changes nothing',
  })
  @ApiParam({ name: 'card', example: 'standard' })
  @ApiCreatedResponse({ standardSchema: PublishedPrice })
  async publish(
    @Param('card', { schema: Code }) card: string,
    @Body({ schema: PublishPrice }) body: PublishPrice,
  ): Promise<PublishedPrice> {
    const result = await this.publishPrice.handle(proposedVersionOf(card, body));
    if ('refusal' in result) throw problemOf(result.refusal);
    return viewOf(result.published);
  }
}

function problemOf(refusal: PublicationRefusal): Problem {
  switch (refusal.code) {
    case 'invalid-price': {
      const errors = refusal.problems.map(({ code, field, problem }) => ({ field, reason: problem ?? code }));
      const detail = errors.map(({ field, reason }) => `${field}: ${reason}`).join('; ');
      return new Problem({ code: 'invalid-request', detail, errors, ...firstField(errors) });
    }
    case 'price-in-the-past':
      return new Problem({
        status: 422,
        code: 'price-in-the-past',
        field: 'effectiveFrom',
        detail: `${refusal.effectiveFrom} is before ${refusal.now}: calls that were made keep the price of their time.`,
        remedy: 'Choose an instant that has not come yet.',
      });
    case 'other-currency':
      return new Problem({
        code: 'currency-differs',
        field: 'currency',
        detail: `The card is kept in ${refusal.cardCurrency}, not in ${refusal.currency}.`,
        remedy: 'Publish on a card of that currency.',
      });
    case 'price-exists':
      return new Problem({
        code: 'already-exists',
        field: 'effectiveFrom',
        detail: `The version ${refusal.priceVersionId} begins at the same instant with other terms.`,
        remedy: 'Choose another instant; a published version is never changed.',
      });
  }
}

const firstField = ([first]: readonly { readonly field: string }[]) =>
  first === undefined ? {} : { field: first.field };
