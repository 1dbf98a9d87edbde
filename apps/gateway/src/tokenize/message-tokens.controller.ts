import { Public } from '@app/transport';
import { Controller, HttpCode, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AuthenticateKeyHandler } from '../access/authenticate-key.handler.ts';
import { presentedKey } from '../access/presented-key.ts';
import { readCountRequest } from './tokenize-request.ts';
import { TokenizeHandler } from './tokenize.handler.ts';

const MessageTokens = z.object({
  input_tokens: z
    .int()
    .describe('An estimate: Anthropic’s tokenizer is not public. Pictures are not counted.'),
});
type MessageTokens = z.infer<typeof MessageTokens>;

/** Counts the tokens of a message without a call, as Anthropic's clients ask for it. */
@ApiTags('models')
@ApiBearerAuth()
@Controller('v1/messages/count_tokens')
@Public()
export class MessageTokensController {
  constructor(
    private readonly access: AuthenticateKeyHandler,
    private readonly tokenize: TokenizeHandler,
  ) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'How many tokens a message has, as Anthropic’s clients ask; free of charge' })
  @ApiBody({
    schema: { example: { model: 'claude-opus-4-6', messages: [{ role: 'user', content: 'Hello' }] } },
  })
  @ApiOkResponse({ standardSchema: MessageTokens })
  async count(@Req() request: FastifyRequest): Promise<MessageTokens> {
    const caller = await this.access.handle(presentedKey(request));
    const { inputTokens } = await this.tokenize.handle(caller, readCountRequest(request.body));
    return { input_tokens: inputTokens };
  }
}
