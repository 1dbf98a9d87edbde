import { Public } from '@app/transport';
import { Body, Controller, Headers, HttpCode, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { AuthenticateKeyHandler } from '../access/authenticate-key.handler.ts';
import { Amount } from '../usage/figures.ts';
import { readTokenizeRequest } from './tokenize-request.ts';
import { TokenizeHandler } from './tokenize.handler.ts';

const Tokens = z.object({
  object: z.literal('tokens'),
  model: z.string(),
  encoding: z.string().describe('The encoding that was counted in.'),
  estimated: z.boolean().describe('False: OpenAI’s own count. True: an estimate, the provider’s may differ.'),
  input_tokens: z.int(),
  counts: z.array(z.int()).describe('Of each text of `input`, in order; of messages one for all.'),
  output_tokens: z.int().describe('`max_output_tokens`, or 0.'),
  cost: Amount.describe('Of input and output at the price of this moment; exact where the count is.'),
  price_version: z.string(),
});
type Tokens = z.infer<typeof Tokens>;

/** Counts tokens without a call. */
@ApiTags('models')
@ApiBearerAuth()
@Controller('v1/tokenize')
@Public()
export class TokenizeController {
  constructor(
    private readonly access: AuthenticateKeyHandler,
    private readonly tokenize: TokenizeHandler,
  ) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'How many tokens a text or a chat has, and what they cost now; free of charge' })
  @ApiBody({ schema: { example: { model: 'gpt-5.5', input: ['Hello', '你好'], max_output_tokens: 500 } } })
  @ApiOkResponse({ standardSchema: Tokens })
  async count(
    @Headers('authorization') authorization: string | undefined,
    @Body() body: unknown,
  ): Promise<Tokens> {
    const caller = await this.access.handle(authorization);
    const request = readTokenizeRequest(body);
    const counted = await this.tokenize.handle(caller, request);
    return {
      object: 'tokens',
      model: request.model,
      encoding: counted.encoding,
      estimated: counted.estimated,
      input_tokens: counted.inputTokens,
      counts: [...counted.counts],
      output_tokens: request.outputTokens,
      cost: { value: counted.charge.amount, currency: counted.charge.currency },
      price_version: counted.price.id,
    };
  }
}
