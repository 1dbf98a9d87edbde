import { once } from 'node:events';
import type {
  ClientDuplexStream,
  ClientReadableStream,
  ClientWritableStream,
  Metadata,
  ServiceError,
} from '@grpc/grpc-js';
import { rawCall } from './grpc-client.ts';
import { problemOfGrpc } from './grpc-problem.ts';

/** A bidirectional call. */
export interface GrpcStream<Request, Response> {
  /** Sends one message; resolves when there is room for the next. */
  write(request: Request): Promise<void>;
  /** Says that no more messages come. */
  end(): void;
  /** Ends the call at once. */
  cancel(): void;
  /** What the peer has said of itself under this name, in its metadata; undefined until that has come. */
  said(name: string): string | undefined;
  /** What the peer answers, in order; throws a Problem where the call fails. Read it once. */
  readonly answers: AsyncIterable<Response>;
}

/** Opens a bidirectional method of a client made by `grpcClient`, such as `grpcStream(ledger, 'Holds')`. It has no deadline. */
export async function grpcStream<Request, Response>(
  api: object,
  method: string,
): Promise<GrpcStream<Request, Response>> {
  const { start, metadata } = await rawCall(api, method);
  const call = start(metadata) as ClientDuplexStream<Request, Response>;
  // The error is told by `answers`; without a listener it would end the process where nobody reads them yet.
  call.on('error', () => undefined);
  let told: Metadata | undefined;
  call.once('metadata', (given: Metadata) => {
    told = given;
  });
  return {
    said: (name) => told?.get(name)[0]?.toString(),
    write: (request) => written(call, request),
    end: () => {
      call.end();
    },
    cancel: () => {
      call.cancel();
    },
    answers: answersOf(call),
  };
}

/**
 * Sends messages to a client-streaming method and gives its answer, such as
 * `grpcUpload(metering, 'RecordUsageStream', items)`. No faster than the peer takes them. Throws the peer's Problem.
 */
export async function grpcUpload<Request, Response>(
  api: object,
  method: string,
  requests: AsyncIterable<Request> | Iterable<Request>,
): Promise<Response> {
  const { start, metadata } = await rawCall(api, method);
  return new Promise((resolve, reject) => {
    const call = start(metadata, (error: ServiceError | null, response: Response) => {
      if (error) reject(problemOfGrpc(error));
      else resolve(response);
    }) as ClientWritableStream<Request>;
    call.on('error', () => undefined);
    sendAll(call, requests).catch((error: unknown) => {
      reject(error instanceof Error ? error : new Error(String(error)));
      call.cancel();
    });
  });
}

/**
 * Asks a server-streaming method and gives its messages, such as `grpcDownload(ledger, 'Export', {})`. The peer sends no
 * faster than they are read. Throws the peer's Problem. It has no deadline; leaving the loop ends the call.
 */
export async function* grpcDownload<Response>(
  api: object,
  method: string,
  request: object,
): AsyncGenerator<Response> {
  const { start, metadata } = await rawCall(api, method);
  const call = start(request, metadata) as ClientReadableStream<Response>;
  try {
    yield* answersOf<Response>(call);
  } finally {
    call.cancel();
  }
}

async function sendAll<Request>(
  call: ClientWritableStream<Request>,
  requests: AsyncIterable<Request> | Iterable<Request>,
): Promise<void> {
  for await (const request of requests) {
    if (call.destroyed) return;
    await written(call, request);
  }
  call.end();
}

async function written<Request>(
  call: ClientDuplexStream<Request, unknown> | ClientWritableStream<Request>,
  request: Request,
): Promise<void> {
  if (call.write(request)) return;
  // A call that ends never drains.
  const ended = new AbortController();
  await Promise.race(
    ['drain', 'error', 'status', 'close'].map((event) =>
      once(call, event, { signal: ended.signal }).catch(() => undefined),
    ),
  );
  ended.abort();
}

async function* answersOf<Response>(
  call: ClientDuplexStream<never, Response> | ClientReadableStream<Response>,
): AsyncGenerator<Response> {
  try {
    for await (const answer of call) yield answer as Response;
  } catch (error) {
    if (error instanceof Error && 'metadata' in error) throw problemOfGrpc(error as ServiceError);
    throw error;
  }
}
