import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Client, credentials, loadPackageDefinition, type ServerDuplexStream } from '@grpc/grpc-js';
import type { sendUnaryData, ServerReadableStream } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { LedgerApi, MeteringApi } from '@app/contracts';
import { health } from '@app/observability';
import { eventually } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Body, Controller, Get, HttpException, Module, Param, Post, Req } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall } from '@nestjs/microservices';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiCreatedResponse } from '@nestjs/swagger';
import { protoPath as healthProtoPath } from 'grpc-health-check';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey } from 'jose';
import { z } from 'zod';
import {
  closeGrpc,
  currentCaller,
  grpcClient,
  grpcStream,
  grpcUpload,
  IdentityProvider,
  Problem,
} from './index.ts';
import { Public, Scopes, ServiceTokens, startService } from './index.ts';

const Order = z.object({
  amount: z.string().regex(/^\d+$/, 'must be digits'),
  note: z.string().max(5).optional(),
});
const Known = z.object({ customerId: z.string(), caller: z.string() });

@Controller('v1')
class OrdersController {
  /** Where somebody asks what is open, and how long the answer waits. */
  onOpen = (): Promise<unknown> => Promise.resolve();

  @Public()
  @Get('open')
  async open() {
    await this.onOpen();
    return { open: true };
  }

  @Scopes('ledger:read')
  @Get('balances/:customerId')
  balance(@Param('customerId') customerId: string, @Req() request: object) {
    if (customerId === 'cus_poor') {
      throw new Problem({
        code: 'insufficient-balance',
        detail: 'The call may cost 0.2 and 0.1 is available.',
        field: 'amount',
        remedy: 'Top up at least 0.1.',
        data: { available: '0.1' },
      });
    }
    if (customerId === 'cus_secret') throw new Error('password=hunter2');
    if (customerId === 'cus_gone') throw new HttpException('gone with the wind', 404);
    return { customerId, caller: currentCaller(request).clientId };
  }

  @Scopes('payments:write')
  @ApiCreatedResponse({ standardSchema: Known })
  @Post('orders')
  order(@Body({ schema: Order }) body: z.infer<typeof Order>) {
    return body;
  }
}

@Scopes('ledger:read')
@Controller()
class LedgerGrpc {
  @GrpcMethod('Ledger', 'GetBalance')
  balance({ customerId }: LedgerApi.GetBalanceRequest): Partial<LedgerApi.Balance> {
    if (customerId === '')
      throw new Problem({ code: 'unknown-account', detail: 'There is none.', field: 'customerId' });
    return { customerId, currency: 'CNY', version: '9007199254740993', available: '0.000000000000000001' };
  }

  @Scopes('holds:write')
  @GrpcStreamCall('Ledger', 'Holds')
  async holds(call: ServerDuplexStream<LedgerApi.HoldCommand, Partial<LedgerApi.HoldAnswer>>) {
    for await (const { commandId } of call as AsyncIterable<LedgerApi.HoldCommand>) call.write({ commandId });
    call.end();
  }
}

@Module({ controllers: [OrdersController, LedgerGrpc] })
class SpecModule {}

@Scopes('usage:write')
@Controller()
class MeteringGrpc {
  @GrpcStreamCall('Metering', 'RecordUsageStream')
  async record(
    call: ServerReadableStream<MeteringApi.UsageItem, unknown>,
    callback: sendUnaryData<Partial<MeteringApi.RecordUsageSummary>>,
  ) {
    let received = 0;
    for await (const { id } of call as AsyncIterable<MeteringApi.UsageItem>) received += id === '' ? 0 : 1;
    callback(null, { received: String(received) });
  }
}

@Module({ controllers: [MeteringGrpc] })
class MeteringSpecModule {}

interface SpecProvider {
  readonly issuer: string;
  readonly server: Server;
  token(claims?: Claims): Promise<string>;
}

interface Claims {
  readonly scope?: string;
  readonly audience?: string;
  readonly expiresIn?: number;
  readonly key?: CryptoKey;
  readonly issuer?: string;
}

let provider: SpecProvider;
let app: NestFastifyApplication;
let base: string;
const grpcUrl = `127.0.0.1:${String(20_000 + (process.pid % 20_000))}`;
const meteringUrl = `127.0.0.1:${String(20_001 + (process.pid % 20_000))}`;

beforeAll(async () => {
  provider = await startProvider();
  Object.assign(process.env, {
    OIDC_ISSUER: provider.issuer,
    SERVICE_CLIENT_ID: 'spec',
    SERVICE_CLIENT_SECRET: 'secret',
    LOG_LEVEL: 'silent',
  });
  const words = { title: 'Spec', description: 'A service for this spec.' };
  app = await startService({
    name: 'spec',
    module: SpecModule,
    httpPort: 0,
    grpc: { url: grpcUrl, package: 'haoli.ledger.v1', protoFile: 'haoli/ledger/v1/ledger.proto' },
    ...words,
  });
  await startService({
    name: 'spec-metering',
    module: MeteringSpecModule,
    httpPort: 0,
    grpc: { url: meteringUrl, package: 'haoli.metering.v1', protoFile: 'haoli/metering/v1/metering.proto' },
    ...words,
  });
  base = await app.getUrl();
});

afterAll(() => {
  provider.server.close();
  provider.server.closeAllConnections();
  for (const signal of ['SIGTERM', 'SIGINT', 'unhandledRejection']) process.removeAllListeners(signal);
});

describe('the doors of a service', () => {
  it('let a public route be called by anyone', async () => {
    expect(await (await fetch(`${base}/v1/open`)).json()).toEqual({ open: true });
  });

  it('let a token with the scope in, and say whose it is', async () => {
    const answer = await get('/v1/balances/cus_1', await provider.token({ scope: 'usage:read ledger:read' }));
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ customerId: 'cus_1', caller: 'spec' });
  });

  it('answer 401 without a token', async () => {
    const answer = await get('/v1/balances/cus_1');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(answer.body).toMatchObject({ code: 'unauthenticated', field: 'authorization' });
  });

  it('answer 403 to a token without the scope, and name the scope', async () => {
    const answer = await get('/v1/balances/cus_1', await provider.token({ scope: 'holds:write' }));
    expect(answer.status).toBe(403);
    expect(answer.body).toMatchObject({ code: 'forbidden', missingScopes: ['ledger:read'] });
  });

  const forgeries: readonly (readonly [string, (of: SpecProvider) => Promise<string> | string])[] = [
    ['has expired', (of) => of.token({ expiresIn: -60 })],
    ['is for another audience', (of) => of.token({ audience: 'another' })],
    ['comes from another issuer', (of) => of.token({ issuer: 'http://evil.example' })],
    [
      'is signed with another key',
      async (of) => of.token({ key: (await generateKeyPair('ES256')).privateKey }),
    ],
    ['is not signed at all', (of) => unsigned(of.issuer)],
    ['is signed with a shared secret', (of) => sharedSecret(of.issuer)],
    ['is no token', () => 'sk-not-a-token'],
  ];

  it.each(forgeries)('answer 401 to a token that %s', async (_why, forge) => {
    expect((await get('/v1/balances/cus_1', await forge(provider))).status).toBe(401);
  });
});

describe('an answer to a request that fails', () => {
  it('is problem+json with code, field, reason, remedy and the figures', async () => {
    const answer = await get('/v1/balances/cus_poor', await provider.token());
    expect(answer.status).toBe(402);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.body).toEqual({
      type: 'urn:haoli:problem:insufficient-balance',
      title: 'Insufficient balance',
      status: 402,
      code: 'insufficient-balance',
      detail: 'The call may cost 0.2 and 0.1 is available.',
      field: 'amount',
      remedy: 'Top up at least 0.1.',
      available: '0.1',
    });
  });

  it('names every wrong field of a body', async () => {
    const token = await provider.token({ scope: 'payments:write' });
    const answer = await post('/v1/orders', { amount: '1.5', note: 'too long' }, token);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      code: 'invalid-request',
      field: 'amount',
      errors: [{ field: 'amount', reason: 'must be digits' }, { field: 'note' }],
      remedy: 'Correct the named fields and send the request again.',
    });
  });

  it('says nothing of an unexpected error but the request id', async () => {
    const answer = await get('/v1/balances/cus_secret', await provider.token(), { 'x-request-id': 'req-7' });
    expect(answer.status).toBe(500);
    expect(JSON.stringify(answer.body)).not.toContain('hunter2');
    expect(answer.headers.get('x-request-id')).toBe('req-7');
  });

  it('keeps the status of Nest and Fastify errors', async () => {
    const token = await provider.token({ scope: 'ledger:read payments:write' });
    expect((await get('/v1/balances/cus_gone', token)).body).toMatchObject({
      status: 404,
      code: 'not-found',
    });
    expect((await get('/v1/no-such-route', token)).body).toMatchObject({ status: 404, code: 'not-found' });
    expect((await post('/v1/orders', '{"amount":', token)).body).toMatchObject({ status: 400 });
  });

  it.each([
    ['an address of 20,000 characters', `GET /v1/${'a'.repeat(20_000)} HTTP/1.1`, 431, 'headers-too-large'],
    ['two lengths', 'POST /v1 HTTP/1.1\r\ncontent-length: 2\r\ncontent-length: 3', 400, 'invalid-request'],
    ['no HTTP', '\u0016\u0003\u0001', 400, 'invalid-request'],
  ])('is problem+json also for %s', async (_what, head, status, code) => {
    const [answerHead = '', body = ''] = (await raw(`${head}\r\nhost: x\r\n\r\n`)).split('\r\n\r\n');
    expect(answerHead).toMatch(new RegExp(`^HTTP/1.1 ${String(status)} `));
    expect(answerHead).toContain('content-type: application/problem+json');
    expect(answerHead).toMatch(/\r\nx-request-id: \S+/);
    expect(JSON.parse(body)).toMatchObject({ status, code });
  });
});

/** What comes back for bytes, until the connection ends. */
function raw(text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(base).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (piece) => (answer += piece.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(answer);
    });
    socket.write(text);
  });
}

describe('documents and probes', () => {
  it('serve OpenAPI 3.1 made from the schemas that check requests', async () => {
    const { body } = await get('/docs-json');
    expect(body).toMatchObject({ openapi: '3.1.0', paths: { '/v1/orders': { post: {} } } });
    const text = JSON.stringify(body);
    expect(text).toContain('"amount":{"type":"string"');
    expect(text).not.toContain('/livez');
    const problem = {
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    };
    expect(body).toMatchObject({
      paths: { '/v1/orders': { post: { responses: { '4XX': problem, '5XX': problem } } } },
      components: {
        schemas: { Problem: { required: expect.arrayContaining(['code', 'detail', 'status']) } },
      },
    });
    expect((await fetch(`${base}/docs`)).status).toBe(200);
  });

  it('answer without a token', async () => {
    expect((await get('/livez')).body).toEqual({ ok: true, checks: {} });
    expect((await get('/readyz')).body).toEqual({ ok: true, checks: { start: 'ok' } });
    expect(await (await fetch(`${base}/metrics`)).text()).toContain('process_cpu_seconds_total');
  });
});

describe('gRPC', () => {
  const ledger = (tokens = tokensOf('ledger:read')) =>
    grpcClient<LedgerApi.Ledger>({ ...ledgerPeer, url: grpcUrl, tokens });

  it('answers a client of ours with all digits', async () => {
    const api = ledger();
    expect(await api.GetBalance({ customerId: 'cus_1', asOf: '' })).toMatchObject({
      customerId: 'cus_1',
      version: '9007199254740993',
      available: '0.000000000000000001',
      held: '',
    });
    closeGrpc(api);
  });

  it('carries a problem with its code and field to the caller', async () => {
    const api = ledger();
    const problem = await problemOf(api.GetBalance({ customerId: '', asOf: '' }));
    expect(problem).toMatchObject({ status: 404, details: { code: 'unknown-account', field: 'customerId' } });
    closeGrpc(api);
  });

  it('refuses a token without the scope, on a stream too, and the service lives on', async () => {
    const api = ledger(tokensOf('ledger:read'));
    const stream = await grpcStream<Partial<LedgerApi.HoldCommand>, LedgerApi.HoldAnswer>(api, 'Holds');
    expect(await problemOf(first(stream.answers))).toMatchObject({ status: 403 });
    const other = ledger(tokensOf('usage:read'));
    expect(await problemOf(other.GetBalance({ customerId: 'cus_1', asOf: '' }))).toMatchObject({
      status: 403,
    });
    expect((await get('/livez')).status).toBe(200);
    closeGrpc(api);
    closeGrpc(other);
  });

  it('answers each command of a bidirectional stream', async () => {
    const api = ledger(tokensOf('holds:write'));
    const stream = await grpcStream<Partial<LedgerApi.HoldCommand>, LedgerApi.HoldAnswer>(api, 'Holds');
    for (const commandId of ['1', '2', '3']) await stream.write({ commandId });
    stream.end();
    const answered: string[] = [];
    for await (const { commandId } of stream.answers) answered.push(commandId);
    expect(answered).toEqual(['1', '2', '3']);
    closeGrpc(api);
  });

  it('takes an upload of 20,000 messages and gives one answer', async () => {
    const api = grpcClient<MeteringApi.Metering>({
      ...meteringPeer,
      url: meteringUrl,
      tokens: tokensOf('usage:write'),
    });
    const items = Array.from({ length: 20_000 }, (_, index) => ({
      id: String(index),
      tokens: { input: '5' },
    }));
    expect(await grpcUpload(api, 'RecordUsageStream', items)).toMatchObject({ received: '20000' });
    closeGrpc(api);
  });

  it('refuses an upload without the scope', async () => {
    const api = grpcClient<MeteringApi.Metering>({
      ...meteringPeer,
      url: meteringUrl,
      tokens: tokensOf('usage:read'),
    });
    expect(await problemOf(grpcUpload(api, 'RecordUsageStream', [{ id: '1' }]))).toMatchObject({
      status: 403,
    });
    closeGrpc(api);
  });

  it('says that a peer is away', async () => {
    const api = grpcClient<LedgerApi.Ledger>({
      ...ledgerPeer,
      url: '127.0.0.1:1',
      tokens: tokensOf('ledger:read'),
    });
    expect(await problemOf(api.GetBalance({ customerId: 'cus_1', asOf: '' }))).toMatchObject({ status: 503 });
    closeGrpc(api);
  });

  it('answers health checks and lists its services', async () => {
    const healthClient = rawClient(healthProtoPath, 'grpc.health.v1', 'Health');
    expect(await unary(healthClient, 'check', { service: '' })).toEqual({ status: 'SERVING' });
    const reflectionProto = new URL(
      '../../../node_modules/@grpc/reflection/build/proto/grpc/reflection/v1/reflection.proto',
      import.meta.url,
    );
    const reflection = rawClient(reflectionProto.pathname, 'grpc.reflection.v1', 'ServerReflection');
    const listed = JSON.stringify(await exchange(reflection, 'serverReflectionInfo', { listServices: '' }));
    expect(listed).toContain('haoli.ledger.v1.Ledger');
    expect(listed).toContain('grpc.health.v1.Health');
    healthClient.close();
    reflection.close();
  });
});

describe('a service that is asked to end', () => {
  it('is not ready any more, answers what it has begun, and exits 0', async () => {
    const exit = jest.spyOn(process, 'exit').mockImplementation(() => undefined as never);
    const [begun, mayEnd] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    app.get(OrdersController).onOpen = () => {
      begun.resolve(undefined);
      return mayEnd.promise;
    };
    const slow = fetch(`${base}/v1/open`);
    await begun.promise;
    process.emit('SIGTERM');
    expect((await health.readinessReport()).ok).toBe(false);
    expect(exit).not.toHaveBeenCalled();
    mayEnd.resolve(undefined);
    expect((await slow).status).toBe(200);
    await eventually(() => exit.mock.calls.length === 2); // Both services of this process end.
    expect(exit.mock.calls).toEqual([[0], [0]]);
    await expect(fetch(`${base}/livez`)).rejects.toThrow();
    exit.mockRestore();
  });
});

const ledgerPeer = {
  protoFile: 'haoli/ledger/v1/ledger.proto',
  package: 'haoli.ledger.v1',
  service: 'Ledger',
};
const meteringPeer = {
  protoFile: 'haoli/metering/v1/metering.proto',
  package: 'haoli.metering.v1',
  service: 'Metering',
};

async function startProvider(): Promise<SpecProvider> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const server = createServer((request, response) => {
    void answerAsProvider(request.url ?? '', request.headers.authorization).then((body) => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const answerAsProvider = async (path: string, authorization?: string): Promise<unknown> => {
    if (path === '/jwks') return { keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256', kid: 'spec' }] };
    if (path === '/token')
      return { access_token: await token({ scope: scopeOf(authorization) }), expires_in: 600 };
    return { issuer, jwks_uri: `${issuer}/jwks`, token_endpoint: `${issuer}/token` };
  };
  const token = (claims: Claims = {}) =>
    new SignJWT({ scope: claims.scope ?? 'ledger:read', client_id: 'spec' })
      .setProtectedHeader({ alg: 'ES256', kid: 'spec' })
      .setIssuer(claims.issuer ?? issuer)
      .setAudience(claims.audience ?? 'haoli')
      .setSubject('spec')
      .setExpirationTime(Math.floor(Date.now() / 1000) + (claims.expiresIn ?? 600))
      .sign(claims.key ?? privateKey);
  return { issuer, server, token };
}

/** The spec's provider gives a client the scopes that its id names. */
const scopeOf = (authorization = ''): string =>
  decodeURIComponent(
    Buffer.from(authorization.replace('Basic ', ''), 'base64').toString().split(':')[0] ?? '',
  );

function tokensOf(scope: string): ServiceTokens {
  return new ServiceTokens(new IdentityProvider(provider.issuer), {
    clientId: scope,
    clientSecret: 'secret',
  });
}

const unsigned = (issuer: string): string =>
  new UnsecuredJWT({ scope: 'ledger:read' })
    .setIssuer(issuer)
    .setAudience('haoli')
    .setSubject('spec')
    .setExpirationTime('10m')
    .encode();

const sharedSecret = (issuer: string): Promise<string> =>
  new SignJWT({ scope: 'ledger:read' })
    .setProtectedHeader({ alg: 'HS256', kid: 'spec' })
    .setIssuer(issuer)
    .setAudience('haoli')
    .setSubject('spec')
    .setExpirationTime('10m')
    .sign(new TextEncoder().encode('a-secret-that-is-long-enough-for-hs256'));

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

async function get(path: string, token?: string, headers: Record<string, string> = {}): Promise<Answer> {
  const answer = await fetch(base + path, {
    headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
  });
  return { status: answer.status, headers: answer.headers, body: await answer.json() };
}

async function post(path: string, body: unknown, token: string): Promise<Answer> {
  const answer = await fetch(base + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: answer.status, headers: answer.headers, body: await answer.json() };
}

async function problemOf(work: Promise<unknown>): Promise<Problem | undefined> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  return undefined;
}

async function first<Item>(items: AsyncIterable<Item>): Promise<Item | undefined> {
  for await (const item of items) return item;
  return undefined;
}

function rawClient(proto: string, packageName: string, service: string): Client {
  const loaded: unknown = loadPackageDefinition(loadSync(proto, { enums: String, defaults: false }));
  const found = [...packageName.split('.'), service].reduce<unknown>(
    (place, name) => (place as Record<string, unknown>)[name],
    loaded,
  );
  return new (found as new (...values: unknown[]) => Client)(grpcUrl, credentials.createInsecure());
}

function unary(client: Client, method: string, request: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    methodOf(client, method)(request, (error: Error | null, answer: unknown) => {
      if (error) reject(error);
      else resolve(answer);
    });
  });
}

async function exchange(client: Client, method: string, request: unknown): Promise<unknown> {
  const call = methodOf(client, method)() as ServerDuplexStream<unknown, unknown>;
  call.write(request);
  call.end();
  return first(call as AsyncIterable<unknown>);
}

const methodOf = (client: Client, method: string): ((...values: unknown[]) => unknown) =>
  (
    (client as unknown as Record<string, (...values: unknown[]) => unknown>)[method] ?? (() => undefined)
  ).bind(client);
