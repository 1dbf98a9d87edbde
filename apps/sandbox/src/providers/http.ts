import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ProviderError } from './provider-error.ts';

const bodyBytesMax = 1_000_000;
const answerMsMax = 5_000;

/** Listens on the loopback interface. `stop` also ends connections that are open. */
export async function listening(
  port: number,
  answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const { port: actual } = server.address() as AddressInfo;
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${actual}`, stop };
}

/** The whole body of a request; refuses one that no merchant sends. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) throw new ProviderError(413, 'PARAM_ERROR', 'The body is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Posts a notification: the status and the text of the answer; status 0 where none came in five seconds. */
export async function postNotification(
  url: string,
  request: { readonly headers: Record<string, string>; readonly body: string },
): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const signal = AbortSignal.timeout(answerMsMax);
    const response = await fetch(url, { method: 'POST', ...request, signal, redirect: 'manual' });
    return { status: response.status, text: await response.text() };
  } catch {
    return { status: 0, text: '' };
  }
}
