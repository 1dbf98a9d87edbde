import { Problem, Public } from '@app/transport';
import { All, Controller, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { forwardedTo } from './forwarded-path.ts';
import { ServicesClient } from './services.client.ts';

const requestHeaders = [
  'authorization',
  'accept',
  'accept-language',
  'idempotency-key',
  'if-none-match',
  'x-request-id',
];
const methods: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);

/** One origin for everything: `/api/<service>/…` goes to that service with the caller's token, which the service checks. */
@ApiExcludeController()
@Controller('api')
@Public()
export class ForwardsController {
  constructor(private readonly services: ServicesClient) {}

  @All('*')
  async forward(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const target = forwardedTo(request.url);
    if (target === undefined || !methods.has(request.method))
      throw new Problem({ code: 'not-found', detail: 'There is no such address.' });
    refuseApiKeys(request.headers.authorization);
    const answer = await this.services.send({
      ...target,
      method: request.method,
      headers: headersOf(request),
      body: bodyOf(request),
    });
    await reply
      .status(answer.status)
      .headers({ ...answer.headers })
      .send(answer.body);
  }
}

/** Only what is on the list goes on; the body is written anew from what was parsed. */
function headersOf({ headers, body }: FastifyRequest): Record<string, string> {
  const given = requestHeaders.flatMap((name) => {
    const value = headers[name];
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  return {
    ...Object.fromEntries(given),
    ...(hasBody(body) ? { 'content-type': 'application/json' } : {}),
  };
}

const hasBody = (body: unknown): boolean => body !== undefined && body !== null;
const bodyOf = ({ body }: FastifyRequest): string | undefined =>
  hasBody(body) ? JSON.stringify(body) : undefined;

/** An API key is a secret between the customer and the gateway: no other service is ever shown one. */
function refuseApiKeys(authorization: string | undefined): void {
  if (!/^Bearer +sk-/i.test(authorization ?? '')) return;
  throw new Problem({
    code: 'unauthenticated',
    field: 'authorization',
    detail: 'These addresses take tokens of the identity provider, not API keys.',
  });
}
