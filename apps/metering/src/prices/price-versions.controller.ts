import { Code, ModelName } from '@app/contracts';
import { currentCaller, Problem, Scopes } from '@app/transport';
import { Body, Controller, Get, HttpStatus, Param, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { z } from 'zod';
import { PriceBookStore } from './price-book.store.ts';
import { PriceVersionView, proposedVersionOf, wholeViewOf } from './price-view.ts';
import { answerOf, PublicationAnswer, PublishRequest } from './publication-view.ts';
import { problemOfExamination } from './publication-problem.ts';
import { PublishPricesHandler } from './publish-prices.handler.ts';

const DryRun = z.object({ dryRun: z.stringbool().default(false) });
const VersionsQuestion = z.object({ model: ModelName.optional() });
const Versions = z.object({ versions: z.array(PriceVersionView) });

/** Publishes prices. A version is immutable, and its place (card, model, instant) makes the request repeatable. */
@ApiTags('prices')
@Controller('v1/rate-cards/:card/price-versions')
@ApiParam({ name: 'card', example: 'standard' })
export class PriceVersionsController {
  constructor(
    private readonly publishPrices: PublishPricesHandler,
    private readonly book: PriceBookStore,
  ) {}

  @Post()
  @Scopes('prices:publish')
  @ApiOperation({
    summary: 'Publishes a price version of one model; asking again with the same content changes nothing',
  })
  @ApiCreatedResponse({ standardSchema: PublicationAnswer, description: 'Published.' })
  @ApiAcceptedResponse({ standardSchema: PublicationAnswer, description: 'Waits for a second person.' })
  @ApiOkResponse({ standardSchema: PublicationAnswer, description: 'A dry run: nothing was changed.' })
  async publish(
    @Req() request: object,
    @Param('card', { schema: Code }) card: string,
    @Query({ schema: DryRun }) { dryRun }: z.infer<typeof DryRun>,
    @Body({ schema: PublishRequest }) { reason, ...body }: PublishRequest,
    @Res({ passthrough: true }) reply: { status(code: number): unknown },
  ): Promise<PublicationAnswer> {
    const versions = [proposedVersionOf(card, body)];
    const result = dryRun
      ? await this.publishPrices.examine(versions)
      : await this.publishPrices.handle({ versions, by: currentCaller(request).subject, reason });
    if (result.outcome === 'refused') throw new Problem(problemOfExamination(result.examination, fieldOfOne));
    reply.status(statusOf[result.outcome]);
    return answerOf(result);
  }

  @Get()
  @Scopes('prices:read')
  @ApiOperation({ summary: 'Every version of a card, with its inputs and what upstreams charge us' })
  @ApiOkResponse({ standardSchema: Versions })
  async list(
    @Param('card', { schema: Code }) card: string,
    @Query({ schema: VersionsQuestion }) { model }: z.infer<typeof VersionsQuestion>,
  ): Promise<z.infer<typeof Versions>> {
    const listed = await this.book.list({ rateCardIds: [card], model });
    return { versions: listed.map(({ version, effectiveTo }) => wholeViewOf(version, effectiveTo)) };
  }
}

/** What each outcome is over HTTP. */
export const statusOf = {
  published: HttpStatus.CREATED,
  waits: HttpStatus.ACCEPTED,
  examined: HttpStatus.OK,
} as const;

/** There is one version, so its fields need no place. */
const fieldOfOne = (_index: number, field: string): string => field;
