import { log } from '@app/observability';
import { Public } from '@app/transport';
import { Controller, Post, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AuthenticateKeyHandler } from '../access/authenticate-key.handler.ts';
import { ClientConnection } from './client-connection.ts';
import { RelayChatHandler } from './relay-chat.handler.ts';

/** Chat completions, as OpenAI's clients ask for them. */
@ApiTags('models')
@ApiBearerAuth()
@Controller('v1/chat/completions')
@Public()
export class ChatCompletionsController {
  constructor(
    private readonly access: AuthenticateKeyHandler,
    private readonly relay: RelayChatHandler,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Creates a chat completion, streamed or whole; usage.cost is the exact charge' })
  @ApiOkResponse({ description: 'A chat completion, or a stream of its chunks.' })
  async create(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const caller = await this.access.handle(request.headers.authorization);
    const client = new ClientConnection(reply.raw, () => {
      reply.hijack();
    });
    try {
      const relayed = await this.relay.handle(caller, request.body, client);
      if (relayed) await reply.status(200).header('x-call-id', relayed.callId).send(relayed.body);
    } catch (error) {
      if (!client.hasBegun) throw error;
      // The answer has begun, so the only honest way left to say that it is not whole is to cut it off.
      log().error({ err: error }, 'A stream could not be ended');
      client.cut();
    }
  }
}
