import { afterEach, expect, it } from '@jest/globals';
import { type AddressInfo, connect } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { ProblemFilter } from './problem-filter.ts';
import { answerUnreadable } from './unreadable-request.ts';

let server: FastifyInstance;
afterEach(() => server.close());

/** What comes back for the beginning of a request whose rest never comes. */
async function answerTo(beginning: string): Promise<string> {
  server = Fastify({
    clientErrorHandler: (error, socket) => {
      answerUnreadable(error, socket, new ProblemFilter());
    },
    requestTimeout: 200,
    http: { headersTimeout: 200, connectionsCheckingInterval: 20 },
  });
  server.post('/', () => 'It came.');
  await server.listen({ port: 0, host: '127.0.0.1' });
  const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(beginning);
  let answer = '';
  for await (const piece of socket) answer += String(piece);
  return answer;
}

it.each([
  ['head', 'POST / HTTP/1.1\r\nhost: x\r\n'],
  ['body', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{'],
])(
  'a request whose %s does not arrive is answered with an id, and its connection ends',
  async (_part, text) => {
    const [head = '', body = ''] = (await answerTo(text)).split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 408 [^]*\r\nx-request-id: \S+/);
    expect(JSON.parse(body)).toMatchObject({ status: 408, code: 'request-timeout' });
  },
);
