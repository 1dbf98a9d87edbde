import { log } from '@app/observability';
import { type ErrorForm, Problem, ProblemFilter, problemOf } from '@app/transport';
import { type ArgumentsHost, Catch } from '@nestjs/common';
import { AnthropicErrorBody, anthropicErrorOf, anthropicStatusOf } from './anthropic-error.ts';
import {
  badRequest,
  internalError,
  methodNotAllowed,
  OpenAiError,
  OpenAiErrorBody,
  unavailable,
  unknownUrl,
} from './openai-error.ts';

/** The parts of Fastify's request and reply that an answer needs. */
interface Request {
  readonly method: string;
  readonly url: string;
  readonly server: { hasRoute(route: { readonly method: string; readonly url: string }): boolean };
}
interface Reply {
  readonly sent: boolean;
  status(code: number): Reply;
  headers(values: Readonly<Record<string, string>>): Reply;
  send(body: unknown): unknown;
}

/** Routes of customers answer as OpenAI does, whoever found the error; those of operators and services with problem+json. */
@Catch()
export class OpenAiErrors extends ProblemFilter {
  override catch(error: unknown, host: ArgumentsHost): unknown {
    if (host.getType() !== 'http') return super.catch(error, host);
    const request = host.switchToHttp().getRequest<Request>();
    if (!isCustomerRoute(request.url)) return super.catch(error, host);
    const reply = host.switchToHttp().getResponse<Reply>();
    if (reply.sent) return undefined;
    const answer = openAiErrorOf(error, request);
    if (answer.details.status >= 500) log().error({ err: error }, 'A request failed');
    // A route that answers in another type has said so before it failed.
    reply.headers({ 'content-type': 'application/json; charset=utf-8', ...answer.details.headers });
    return isAnthropicRoute(request.url)
      ? reply.status(anthropicStatusOf(answer)).send(anthropicErrorOf(answer))
      : reply.status(answer.details.status).send(answer.body);
  }

  override unreadable({ status, message }: Problem): { readonly contentType: string; readonly body: string } {
    const { body } = new OpenAiError({ status, type: 'invalid_request_error', code: null, message });
    return { contentType: 'application/json; charset=utf-8', body: JSON.stringify(body) };
  }

  override formOf(path: string): ErrorForm {
    const contentType = 'application/json';
    if (isAnthropicRoute(path)) return { name: 'AnthropicError', contentType, schema: AnthropicErrorBody };
    if (isCustomerRoute(path)) return { name: 'OpenAiError', contentType, schema: OpenAiErrorBody };
    return super.formOf(path);
  }
}

const isCustomerRoute = (url: string): boolean =>
  /^\/(?:v1|dashboard\/billing)(?:[/?]|$)/.test(url) && !/^\/v1\/admin(?:[/?]|$)/.test(url);

/** Its clients read errors in Anthropic's form only. */
const isAnthropicRoute = (url: string): boolean => /^\/v1\/messages(?:[/?]|$)/.test(url);

/** Any error as OpenAI would say it. */
export function openAiErrorOf(error: unknown, request: Request): OpenAiError {
  if (error instanceof OpenAiError) return error;
  const problem = problemOf(error);
  // A customer shows no token: who was not allowed something were we ourselves, at one of our own services.
  if (problem.status === 401 || problem.status === 403) return internalError();
  if (problem.status === 503 || problem.status === 504) {
    return unavailable('A part of the service does not answer at the moment. Try again in a moment.');
  }
  if (problem.status >= 500) return internalError();
  const isOurs = error instanceof Problem || problem.code === 'unstorable-text';
  return isOurs ? ofProblem(problem) : ofFramework(problem, request);
}

function ofProblem({ status, code, message, details }: Problem): OpenAiError {
  return new OpenAiError({
    status,
    type: 'invalid_request_error',
    code: code.replaceAll('-', '_'),
    message: details.remedy === undefined ? message : `${message.replace(/[.]?$/, '.')} ${details.remedy}`,
    param: details.field ?? null,
  });
}

/** What Nest and Fastify find: no such route, a body that is no JSON, too long, or of another type. */
function ofFramework({ status, message }: Problem, request: Request): OpenAiError {
  if (status === 404) return ofNoRoute(request);
  if (status === 400)
    return badRequest(null, `We could not parse the JSON body of your request. (${message})`);
  return new OpenAiError({ status, type: 'invalid_request_error', code: null, message });
}

const methods = ['GET', 'POST', 'PATCH', 'PUT', 'DELETE'] as const;
/** The router reads what it is asked for as a pattern; these characters stand for themselves in one. */
const plainPath = /^[\w/-]+$/;

/** No such address, or one that is asked in another way. Of addresses with an id in them nobody says which. */
function ofNoRoute({ method, url, server }: Request): OpenAiError {
  const [path = ''] = url.split('?');
  const isRoute = (other: string) => plainPath.test(path) && server.hasRoute({ method: other, url: path });
  const allowed = methods.filter(isRoute);
  return allowed.length > 0
    ? methodNotAllowed(`${method} ${path}`, allowed)
    : unknownUrl(`${method} ${path}`);
}
