import { log } from '@app/observability';
import { Public } from '@app/transport';
import { Controller, Post, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AuthenticateKeyHandler } from '../access/authenticate-key.handler.ts';
import type { Caller } from '../access/caller.ts';
import { presentedKey } from '../access/presented-key.ts';
import { LimitCallHandler } from '../access/limit-call.handler.ts';
import { chatCompletions } from '../endpoints/chat-completions.ts';
import { embeddings } from '../endpoints/embeddings.ts';
import type { Endpoint, ModelRequest } from '../endpoints/endpoint.ts';
import { images } from '../endpoints/images.ts';
import { messages } from '../endpoints/messages.ts';
import { responses } from '../endpoints/responses.ts';
import { textCompletions } from '../endpoints/text-completions.ts';
import { idempotencyKeyOf } from '../idempotency-key.ts';
import { type AnsweredOnce, AnswerOnceHandler } from './answer-once.handler.ts';
import { CallsAtOnce } from './calls-at-once.ts';
import { ClientConnection } from './client-connection.ts';
import { RelayCallHandler } from './relay-call.handler.ts';

/** A request for a model, and whose it is. */
interface ReadCall {
  readonly caller: Caller;
  readonly asked: ModelRequest;
  /** What its client calls it, to repeat it without paying twice; never of a stream. */
  readonly idempotencyKey: string | undefined;
}

/** The doors to models, as OpenAI's and Anthropic's clients know them; all lead to the one way that a call goes. */
@ApiTags('models')
@ApiBearerAuth()
@ApiHeader({
  name: 'idempotency-key',
  required: false,
  description: 'The same request under the same key is made and charged once in 24 hours; not of streams.',
})
@Controller('v1')
@Public()
export class RelayController {
  constructor(
    private readonly access: AuthenticateKeyHandler,
    private readonly limits: LimitCallHandler,
    private readonly calls: RelayCallHandler,
    private readonly atOnce: CallsAtOnce,
    private readonly once: AnswerOnceHandler,
  ) {}

  @Post('chat/completions')
  @ApiOperation({ summary: 'Creates a chat completion, streamed or whole; usage.cost is the exact charge' })
  @ApiOkResponse({ description: 'A chat completion, or a stream of its chunks.' })
  chatCompletion(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.relay(chatCompletions, request, reply);
  }

  @Post('completions')
  @ApiOperation({ summary: 'Continues text, streamed or whole; usage.cost is the exact charge' })
  @ApiOkResponse({ description: 'A completion, or a stream of its chunks.' })
  completion(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.relay(textCompletions, request, reply);
  }

  @Post('responses')
  @ApiOperation({
    summary: 'Creates a response, streamed or whole, without storing it; usage.cost is the exact charge',
  })
  @ApiOkResponse({ description: 'A response, or a stream of its events.' })
  response(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.relay(responses, request, reply);
  }

  @Post('embeddings')
  @ApiOperation({ summary: 'Turns texts into vectors; usage.cost is the exact charge' })
  @ApiOkResponse({ description: 'A list of embeddings.' })
  embedding(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.relay(embeddings, request, reply);
  }

  @Post('images/generations')
  @ApiOperation({ summary: 'Makes pictures; those that are delivered are charged' })
  @ApiOkResponse({ description: 'A list of pictures.' })
  image(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.relay(images, request, reply);
  }

  @Post('messages')
  @ApiOperation({
    summary: 'Creates a message as Anthropic’s clients ask for it; usage.cost is the exact charge',
  })
  @ApiOkResponse({ description: 'A message, or a stream of its events.' })
  message(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.relay(messages, request, reply);
  }

  /** One call by one endpoint, from its key to the last byte of its answer. */
  async relay(endpoint: Endpoint, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const caller = await this.access.handle(presentedKey(request), 'models');
    const asked = endpoint.read(request.body);
    const leave = this.atOnce.enter();
    try {
      await this.relayOne({ caller, asked, idempotencyKey: nameOf(asked, request) }, reply);
    } finally {
      leave();
    }
  }

  private async relayOne(read: ReadCall, reply: FastifyReply): Promise<void> {
    const { caller, asked } = read;
    const permit = await this.limits.handle(caller, asked);
    const headers = { ...permit.headers, 'openai-version': apiVersion };
    for (const [name, value] of Object.entries(headers)) reply.raw.setHeader(name, value);
    const client = new ClientConnection(reply.raw, () => {
      reply.hijack();
    });
    let tokens = 0;
    try {
      const relayed = await this.answer(read, client);
      tokens = relayed.tokens;
      if (relayed.isRepeated) reply.header('idempotent-replayed', 'true');
      if (relayed.body) await reply.status(200).headers(headOf(relayed, client)).send(relayed.body);
    } catch (error) {
      if (!client.hasBegun) throw error;
      // The answer has begun, so the only honest way left to say that it is not whole is to cut it off.
      log().error({ err: error }, 'A stream could not be ended');
      client.cut();
    } finally {
      permit.end(tokens);
    }
  }

  private async answer(
    { caller, asked, idempotencyKey }: ReadCall,
    client: ClientConnection,
  ): Promise<AnsweredOnce> {
    const call = () => this.calls.handle(caller, asked, client);
    if (idempotencyKey === undefined) return { ...(await call()), isRepeated: false };
    return this.once.handle({ keyId: caller.keyId, idempotencyKey, request: asked }, call);
  }
}

/** The version of OpenAI's API that clients find here, as OpenAI itself names it. */
const apiVersion = '2020-10-01';

const headOf = ({ callId }: AnsweredOnce, client: ClientConnection) => ({
  'x-call-id': callId,
  'openai-processing-ms': String(client.waitedMs),
});

/** A stream that was broken off cannot be given again, so its name is not heeded. */
function nameOf({ stream }: ModelRequest, { headers }: FastifyRequest): string | undefined {
  const header = headers['idempotency-key'];
  return stream ? undefined : idempotencyKeyOf(typeof header === 'string' ? header : undefined);
}
