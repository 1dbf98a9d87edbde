import { PortSetting, readSettings } from '@app/config';
import { createServer, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { last, piece, whole } from './answers.ts';
import { type Wish, wishIn } from './wish.ts';

/** A model provider that costs as little as can be: every answer is ready-made, and comes when it is wished for. */
const settings = readSettings(z.object({ UPSTREAM_HTTP_PORT: PortSetting }));

createServer((request, response) => {
  let body = '';
  request.on('data', (text: Buffer) => {
    body += text.toString('latin1');
  });
  request.on('end', () => {
    const wish = wishIn(body);
    const answer = body.includes('"stream":true') ? stream : answerWhole;
    if (wish.delayMs === 0) answer(response, wish);
    else setTimeout(answer, wish.delayMs, response, wish);
  });
}).listen(settings.UPSTREAM_HTTP_PORT, '127.0.0.1');

function answerWhole(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': whole.length }).end(whole);
}

function stream(response: ServerResponse, { chunks, gapMs }: Wish): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  let left = chunks;
  const next = (): void => {
    left -= 1;
    if (left >= 0) response.write(piece);
    else response.end(last);
  };
  if (gapMs === 0) {
    while (left >= 0) next();
    return;
  }
  next();
  const timer = setInterval(() => {
    next();
    if (left < 0) clearInterval(timer);
  }, gapMs);
  response.once('close', () => {
    clearInterval(timer);
  });
}
