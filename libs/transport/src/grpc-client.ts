import type { Client, Metadata } from '@grpc/grpc-js';
import { credentials, loadPackageDefinition, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { logContext } from '@app/observability';
import { join } from 'node:path';
import type { Observable } from 'rxjs';
import { problemOfGrpc } from './grpc-problem.ts';
import { protoDirectory, protoLoading } from './protos.ts';
import type { ServiceTokens } from './service-tokens.ts';

/** Where a peer is and what it answers. */
export interface GrpcPeer {
  /** Below `libs/contracts/proto`, such as `haoli/ledger/v1/ledger.proto`. */
  readonly protoFile: string;
  /** Such as `haoli.ledger.v1`. */
  readonly package: string;
  /** Such as `Ledger`. */
  readonly service: string;
  /** `host:port`. */
  readonly url: string;
  readonly tokens: ServiceTokens;
}

/** How long one call may take. */
export interface CallOptions {
  readonly timeoutMs?: number;
}

/** The unary methods of a service as promises; the streaming ones are called by `grpcStream` and `grpcUpload`. */
export type GrpcApi<Api> = {
  readonly [Method in UnaryNames<Api>]: Api[Method] extends (
    request: infer Request,
  ) => Promise<infer Response>
    ? (request: Request, options?: CallOptions) => Promise<Response>
    : never;
};

/** Of generated methods only the streaming ones take or give an Observable. */
type UnaryNames<Api> = {
  [Method in keyof Api]: Api[Method] extends (request: infer Request) => Promise<unknown>
    ? Request extends Observable<unknown>
      ? never
      : Method
    : never;
}[keyof Api];

const timeoutMsDefault = 5_000;

interface Connected {
  readonly client: Client & Record<string, RawMethod>;
  readonly tokens: ServiceTokens;
}

type RawMethod = (...values: unknown[]) => unknown;

const connections = new WeakMap<object, Connected>();

/**
 * A client of a peer: every call carries this service's token and the request id, and ends at its deadline (5 s by default).
 * What the peer refuses is thrown as the Problem that it answered. Methods are those of the generated service interface.
 */
export function grpcClient<Api extends object>(peer: GrpcPeer): GrpcApi<Api> {
  const client = connect(peer);
  const api = new Proxy({} as GrpcApi<Api>, {
    get: (_target, method) =>
      typeof method === 'string' && typeof client[method] === 'function'
        ? (request: unknown, options?: CallOptions) => callUnary(api, method, { request, options })
        : undefined,
  });
  connections.set(api, { client, tokens: peer.tokens });
  return api;
}

/** Ends the connection of a client. */
export function closeGrpc(api: object): void {
  connectionOf(api).client.close();
}

/** The raw client of an api, with the metadata of a new call. */
export async function rawCall(
  api: object,
  method: string,
): Promise<{ readonly start: RawMethod; readonly metadata: Metadata }> {
  const { client, tokens } = connectionOf(api);
  const start = client[method];
  if (start === undefined) throw new TypeError(`The peer has no method ${method}`);
  const metadata = await tokens.metadata();
  const { requestId } = logContext();
  if (requestId !== undefined) metadata.set('x-request-id', requestId);
  return { start: start.bind(client), metadata };
}

async function callUnary(
  api: object,
  method: string,
  { request, options }: { readonly request: unknown; readonly options: CallOptions | undefined },
): Promise<unknown> {
  const { start, metadata } = await rawCall(api, method);
  const deadline = Date.now() + (options?.timeoutMs ?? timeoutMsDefault);
  return new Promise((resolve, reject) => {
    start(request, metadata, { deadline }, (error: ServiceError | null, response: unknown) => {
      if (error) reject(problemOfGrpc(error));
      else resolve(response);
    });
  });
}

function connectionOf(api: object): Connected {
  const connection = connections.get(api);
  if (!connection) throw new TypeError('This is not a client made by grpcClient');
  return connection;
}

type ClientConstructor = new (
  url: string,
  security: ReturnType<typeof credentials.createInsecure>,
  options: object,
) => Client;

function connect({ protoFile, package: packageName, service, url }: GrpcPeer): Connected['client'] {
  const loaded: unknown = loadPackageDefinition(loadSync(join(protoDirectory(), protoFile), protoLoading()));
  const found = [...packageName.split('.'), service].reduce<unknown>(
    (place, name) => (place as Record<string, unknown> | undefined)?.[name],
    loaded,
  );
  if (typeof found !== 'function')
    throw new TypeError(`${protoFile} has no service ${packageName}.${service}`);
  const options = {
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 5_000,
    'grpc.initial_reconnect_backoff_ms': 200,
    'grpc.max_reconnect_backoff_ms': 2_000,
  };
  return new (found as ClientConstructor)(url, credentials.createInsecure(), options) as Connected['client'];
}
