import { currentCaller, Scopes } from '@app/transport';
import { Body, Controller, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { DiscardHandler } from './discard.handler.ts';
import { DriveAgainHandler } from './drive-again.handler.ts';
import {
  DiscardBody,
  DiscardDecision,
  DriveAnswer,
  ParkedMessageView,
  ParkedMessageWhole,
  ParkedQuestion,
} from './parked-message.ts';
import { ParkedMessageStore } from './parked-message.store.ts';

const ParkedPage = z.object({
  messages: z.array(ParkedMessageView),
  nextCursor: z.string().describe('Empty at the end.'),
});
const Place = z.object({
  id: z.string().regex(/^[\x21-\x7e]{1,128}$/, 'must be the id of a parked message'),
});
type Place = z.infer<typeof Place>;

/** Messages that could not be applied: where people look at them, and end them one way or the other. */
@ApiTags('parked-messages')
@Controller('v1/admin/parked-messages')
@Scopes('messages:read')
export class ParkedMessagesController {
  constructor(
    private readonly messages: ParkedMessageStore,
    private readonly driveAgain: DriveAgainHandler,
    private readonly discard: DiscardHandler,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Messages that could not be applied and wait for a person, oldest first' })
  @ApiOkResponse({ standardSchema: ParkedPage })
  async list(
    @Query({ schema: ParkedQuestion }) question: ParkedQuestion,
  ): Promise<z.infer<typeof ParkedPage>> {
    const messages = await this.messages.list(question);
    const last = messages.length < question.pageSize ? undefined : messages.at(-1);
    return { messages, nextCursor: last?.id ?? '' };
  }

  @Get(':id')
  @ApiOperation({ summary: 'One message with its bytes, its reason, and what people did with it' })
  @ApiOkResponse({ standardSchema: ParkedMessageWhole })
  one(@Param({ schema: Place }) { id }: Place): Promise<ParkedMessageWhole> {
    return this.messages.one(id);
  }

  @Post(':id/drive')
  @HttpCode(200)
  @Scopes('messages:drive')
  @ApiOperation({
    summary: 'Hands the message once more to the consumer that could not apply it; its effect comes once',
  })
  @ApiOkResponse({ standardSchema: DriveAnswer })
  drive(@Req() request: object, @Param({ schema: Place }) { id }: Place): Promise<DriveAnswer> {
    return this.driveAgain.drive(id, currentCaller(request));
  }

  @Post(':id/discard')
  @HttpCode(200)
  @Scopes('messages:drive')
  @ApiOperation({
    summary: 'Proposes that the message is never applied; it waits on until another person approves',
  })
  @ApiOkResponse({ standardSchema: ParkedMessageWhole })
  propose(
    @Req() request: object,
    @Param({ schema: Place }) { id }: Place,
    @Body({ schema: DiscardBody }) { reason }: z.infer<typeof DiscardBody>,
  ): Promise<ParkedMessageWhole> {
    return this.discard.propose(id, currentCaller(request), reason);
  }

  @Post(':id/discard/decision')
  @HttpCode(200)
  @Scopes('messages:approve')
  @ApiOperation({ summary: 'Approves or rejects what another person proposed about the message' })
  @ApiOkResponse({ standardSchema: ParkedMessageWhole })
  decide(
    @Req() request: object,
    @Param({ schema: Place }) { id }: Place,
    @Body({ schema: DiscardDecision }) decision: DiscardDecision,
  ): Promise<ParkedMessageWhole> {
    return this.discard.decide(id, currentCaller(request), decision);
  }
}
