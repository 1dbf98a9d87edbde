import { readSettings } from '@app/config';
import { KafkaConsumerServer } from '@app/kafka';
import { health, log, LoggingModule, NestLog, ObservabilityModule } from '@app/observability';
import { type DynamicModule, Module, StandardSchemaValidationPipe, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { z } from 'zod';
import { checkRoutes } from './check-routes.ts';
import { withClientAddresses } from './client-address.ts';
import { GrpcHealth, grpcServer, type GrpcServing } from './grpc-server.ts';
import { serveOpenApi } from './open-api.ts';
import { Problem } from './problem.ts';
import { ProblemFilter } from './problem-filter.ts';
import { GrpcRequestContext, withRequestIds } from './request-context.ts';
import { ScopesGuard } from './scopes-guard.ts';
import { shutDownOnSignal } from './shutdown.ts';
import { TokenVerifier } from './token-verifier.ts';
import { TransportModule } from './transport.module.ts';
import { answerUnreadable } from './unreadable-request.ts';

/** What `startService` starts. */
export interface ServiceOptions {
  /** Such as `ledger`; stands in every log line. */
  readonly name: string;
  readonly module: Type | DynamicModule;
  readonly httpPort: number;
  readonly grpc?: GrpcServing;
  /** Keeps the bytes of request bodies at `request.rawBody`, for signatures. */
  readonly rawBody?: boolean;
  /** The longest request body in bytes; 4 MiB where nothing is said. */
  readonly bodyBytesMax?: number;
  /** Proxies in front, as addresses or ranges, whose word on who asks is believed; nobody's where nothing is said. */
  readonly trustedProxies?: readonly string[];
  /** Answers errors in another form than problem+json, such as the form of an API that is imitated. */
  readonly errors?: ProblemFilter;
  readonly title: string;
  readonly description: string;
}

const bodyBytesMax = 4 * 1024 * 1024;
/** The longest that a whole request, head and body, may take to arrive. */
const requestMsMax = 120_000;
const bindSettings = { BIND_ADDRESS: z.string().default('127.0.0.1') };

/**
 * Starts a service: REST with OpenAPI at `/docs`, gRPC with health and reflection where asked for, the consumers of its module,
 * probes and metrics, the token check on every route, problem+json for every error, and an orderly end on SIGTERM.
 * Resolves when all of it answers.
 */
export async function startService(options: ServiceOptions): Promise<NestFastifyApplication> {
  const { BIND_ADDRESS: host } = readSettings(z.object(bindSettings));
  const app = await createApp(options);
  const grpcHealth = new GrpcHealth();
  health.ready('start', () => Promise.reject(new Error('is not finished')));
  if (options.grpc) app.connectMicroservice(grpcServer(options.grpc, grpcHealth), { inheritAppConfig: true });
  const consumers = consumersOf(app);
  if (consumers) app.connectMicroservice({ strategy: consumers });
  shutDownOnSignal(app, () => {
    grpcHealth.drain();
  });
  await app.init();
  await app.startAllMicroservices();
  await app.listen(options.httpPort, host);
  grpcHealth.serving();
  health.ready('start', () => Promise.resolve());
  log().info({ url: await app.getUrl(), grpc: options.grpc?.url }, `${options.name} answers`);
  return app;
}

/** The root of every service: its own module, with logs, probes and tokens beside it. */
@Module({})
class Service {}

/** The application without any port open: also for specs and for writing its documents. */
export async function createApp(options: ServiceOptions): Promise<NestFastifyApplication> {
  const root = {
    module: Service,
    imports: [
      LoggingModule.forRoot(options.name),
      ObservabilityModule,
      { module: TransportModule, global: true },
      options.module,
    ],
  };
  const errors = options.errors ?? new ProblemFilter();
  const adapter = new FastifyAdapter({
    clientErrorHandler: (error, socket) => {
      answerUnreadable(error, socket, errors);
    },
    bodyLimit: options.bodyBytesMax ?? bodyBytesMax,
    forceCloseConnections: 'idle',
    // Fastify waits for ever for a request that comes byte by byte; Node's own limit is put back.
    requestTimeout: requestMsMax,
    trustProxy: options.trustedProxies?.length ? [...options.trustedProxies] : false,
  });
  const settings = { bufferLogs: true, rawBody: options.rawBody ?? false, abortOnError: false };
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest declares its options as a class and takes any object.
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, settings);
  app.useLogger(app.get(NestLog));
  checkRoutes(app);
  withRequestIds(app);
  withClientAddresses(app);
  app.useGlobalFilters(errors);
  app.useGlobalGuards(new ScopesGuard(app.get(TokenVerifier, { strict: false })));
  app.useGlobalInterceptors(new GrpcRequestContext());
  app.useGlobalPipes(new StandardSchemaValidationPipe({ exceptionFactory: invalidRequest }));
  serveOpenApi(app, options);
  return app;
}

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

function invalidRequest(issues: readonly Issue[]): Problem {
  const errors = issues.slice(0, 20).map(({ message, path = [] }) => ({
    field: path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.') || '(body)',
    reason: message,
  }));
  const [first] = errors;
  return new Problem({
    code: 'invalid-request',
    detail: first === undefined ? 'The request is not valid.' : `${first.field}: ${first.reason}`,
    remedy: 'Correct the named fields and send the request again.',
    errors,
    ...(first === undefined ? {} : { field: first.field }),
  });
}

function consumersOf(app: NestFastifyApplication): KafkaConsumerServer | undefined {
  try {
    return app.get(KafkaConsumerServer, { strict: false });
  } catch {
    return undefined; // A service without Kafka.
  }
}
