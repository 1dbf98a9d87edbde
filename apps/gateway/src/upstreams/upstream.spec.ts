import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HttpUpstream } from './upstream.client.ts';
import type { UpstreamBody } from './upstream.ts';

const upstream = new HttpUpstream({ headersTimeoutMs: 5_000, bodyTimeoutMs: 5_000 });
let server: Server;
let answers: (response: ServerResponse) => void;

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume();
    response.on('error', () => undefined);
    answers(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  await upstream.onApplicationShutdown();
  server.close();
});

const bodyOf = async (
  answer: (response: ServerResponse) => void,
  signal = new AbortController().signal,
): Promise<UpstreamBody> => {
  answers = answer;
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const provider = {
    code: 'spec',
    url,
    key: 'sk-spec',
    allowPrivate: true,
    families: {},
    endpoints: undefined,
  };
  const asked = { upstream: provider, endpoint: { path: '/', family: 'openai-chat' as const }, body: '{}' };
  return (await upstream.ask(asked, signal)).body;
};

const inThree = (response: ServerResponse): void => {
  response.write('one ');
  setTimeout(() => response.write('two '), 10);
  setTimeout(() => response.end('three'), 20);
};
const endless = (response: ServerResponse): void => {
  const timer = setInterval(() => response.write('x'.repeat(1_000)), 1);
  response.on('close', () => {
    clearInterval(timer);
  });
};

describe('the body of a provider’s answer', () => {
  it('comes in order, to its end', async () => {
    let text = '';
    await (
      await bodyOf(inThree)
    ).each((piece) => {
      text += piece.toString();
      return undefined;
    });
    expect(text).toBe('one two three');
  });

  it('waits while what has come is not taken yet', async () => {
    let [taking, most, text] = [0, 0, ''];
    await (
      await bodyOf(inThree)
    ).each(async (piece) => {
      taking += 1;
      most = Math.max(most, taking);
      await pause(30);
      taking -= 1;
      text += piece.toString();
    });
    expect([most, text]).toEqual([1, 'one two three']);
  });

  it.each([
    ['throws', () => raise()],
    ['rejects', () => Promise.reject(tooMuch)],
  ])('is cut where its reader %s, which hears its own error', async (_how, take: () => Promise<void>) => {
    const closed = Promise.withResolvers<boolean>();
    const body = await bodyOf((response) => {
      response.on('close', () => {
        closed.resolve(true);
      });
      endless(response);
    });
    await expect(body.each(take)).rejects.toBe(tooMuch);
    expect(await closed.promise).toBe(true);
  });

  it('that breaks off is no whole answer', async () => {
    const body = await bodyOf((response) => {
      response.write('half');
      setTimeout(() => response.destroy(), 10);
    });
    await expect(body.each(() => undefined)).rejects.toMatchObject({ kind: 'broken-off', wasAsked: true });
  });

  it('that was aborted before anybody read it says so to who does', async () => {
    const controller = new AbortController();
    const body = await bodyOf(endless, controller.signal);
    controller.abort();
    await pause(20);
    await expect(body.each(() => undefined)).rejects.toMatchObject({ kind: 'aborted' });
  });
});

const tooMuch = new RangeError('too much');

function raise(): never {
  throw tooMuch;
}
