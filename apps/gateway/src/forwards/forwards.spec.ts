import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Problem } from '@app/transport';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import Fastify, { type FastifyInstance } from 'fastify';
import { ForwardsController } from './forwards.controller.ts';
import { ServiceAddresses, ServicesClient } from './services.client.ts';

/** What a service was sent. */
interface Arrived {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let service: Server;
let gateway: FastifyInstance;
let client: ServicesClient;
let arrived: Arrived[];

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

beforeAll(async () => {
  service = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const { method, url, headers } = request;
      arrived.push({ method, url, headers, body: Buffer.concat(pieces).toString() });
      const answer = { 'content-type': 'application/json', 'set-cookie': 'a=b', 'x-powered-by': 'us' };
      response.writeHead(200, answer).end('{"ok":true}');
    });
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${String(portOf(service))}`;
  client = new ServicesClient(
    new ServiceAddresses({ ledger: address, metering: address, payments: address }),
  );
  const controller = new ForwardsController(client);
  gateway = Fastify();
  gateway.setErrorHandler((error, _request, reply) =>
    reply.status(error instanceof Problem ? error.status : 400).send({}),
  );
  gateway.all('/api/*', (request, reply) => controller.forward(request, reply));
  await gateway.listen({ port: 0, host: '127.0.0.1' });
});
beforeEach(() => {
  arrived = [];
});
afterAll(async () => {
  await gateway.close();
  await client.onApplicationShutdown();
  service.close();
});

/** Sends bytes as they are, so that nothing on our side mends them, and gives all that came back. */
const raw = (text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(portOf(gateway.server), '127.0.0.1');
    let answer = '';
    socket.on('data', (piece) => (answer += piece.toString()));
    socket.on('close', () => {
      resolve(answer);
    });
    socket.on('error', reject);
    socket.write(text);
    setTimeout(() => socket.end(), 300);
  });

const ask = (path: string, init: RequestInit = {}) =>
  fetch(`http://127.0.0.1:${String(portOf(gateway.server))}${path}`, init);

const token = { authorization: 'Bearer eyJ.token' };

describe('a forward', () => {
  it('carries the headers of the list and no others, there and back', async () => {
    const given = { 'idempotency-key': 'k1', cookie: 'session=1', 'x-forwarded-for': '10.0.0.1' };
    const others = { 'x-haoli-internal': 'yes', forwarded: 'for=10.0.0.1', 'proxy-authorization': 'x' };
    const answer = await ask('/api/ledger/v1/trial-balance', { headers: { ...token, ...given, ...others } });
    expect(Object.keys(arrived[0]?.headers ?? {}).sort()).toEqual([
      'accept',
      'accept-language',
      'authorization',
      'connection',
      'host',
      'idempotency-key',
    ]);
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect(answer.headers.get('x-powered-by')).toBeNull();
  });

  it('writes the body anew, so that a name that stood twice stands once', async () => {
    const body = '{"amount":"1",  "amount":"2"}';
    const headers = { ...token, 'content-type': 'application/json' };
    await ask('/api/payments/v1/top-ups', { method: 'POST', headers, body });
    expect(arrived).toMatchObject([{ method: 'POST', body: '{"amount":"2"}' }]);
    expect(arrived[0]?.headers).toMatchObject({ 'content-length': '14', 'content-type': 'application/json' });
  });

  it.each(['{"__proto__":{"scopes":["ledger:post"]}}', '{"constructor":{"prototype":{"a":1}}}'])(
    'does not carry %s',
    async (body) => {
      const headers = { ...token, 'content-type': 'application/json' };
      expect((await ask('/api/payments/v1/top-ups', { method: 'POST', headers, body })).status).toBe(400);
      expect(arrived).toEqual([]);
    },
  );

  it('is one request, however the client draws its borders', async () => {
    const hidden = 'GET /v1/journal HTTP/1.1\r\nHost: x\r\n\r\n';
    const head = 'POST /api/ledger/v1/rebuild HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
    const smuggled = [
      `${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
      `${head}Transfer-Encoding: chunked, identity\r\nContent-Length: ${String(hidden.length)}\r\n\r\n${hidden}`,
      `${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}${hidden}`,
      `GET /api/ledger/v1/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\r\n\tGET /v1/y HTTP/1.1\r\n\r\n`,
    ];
    for (const text of smuggled) await raw(text);
    expect(arrived.filter(({ url }) => url === '/v1/journal' || url === '/v1/y')).toEqual([]);
  });

  it.each(['Bearer sk-abc', 'bearer  sk-abc', 'BEARER sk-abc'])('takes no API key: %s', async (given) => {
    const answer = await ask('/api/ledger/v1/trial-balance', { headers: { authorization: given } });
    expect(answer.status).toBe(401);
    expect(arrived).toEqual([]);
  });

  it('says that a service is away', async () => {
    const away = new ServicesClient(
      new ServiceAddresses({ ledger: 'http://127.0.0.1:1', metering: '', payments: '' }),
    );
    const sent = away.send({ service: 'ledger', method: 'GET', path: '/v1/x', headers: {}, body: undefined });
    await expect(sent).rejects.toMatchObject({ code: 'unavailable' });
    await away.onApplicationShutdown();
  });
});
