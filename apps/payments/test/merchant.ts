import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NotificationRefused } from '../src/channels/payment-channel.ts';

/** A notification as it arrived. */
export interface Heard {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Where a provider's notifications arrive, with what they are answered. */
export interface Merchant {
  readonly url: string;
  heard: Heard[];
  answer: { readonly status: number; readonly text?: string };
  last(): Heard;
  close(): void;
}

/** Listens to notifications, and believes none. */
export async function startMerchant(answer: Merchant['answer']): Promise<Merchant> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url: path = '', headers } = request;
      merchant.heard.push({ path, headers, body: Buffer.concat(chunks) });
      response.writeHead(merchant.answer.status).end(merchant.answer.text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const merchant: Merchant = {
    ...{ url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, heard: [], answer },
    last: () => {
      const last = merchant.heard.at(-1);
      if (!last) throw new Error('No notification came.');
      return last;
    },
    close: () => server.close(),
  };
  return merchant;
}

/** Why reading a notification proved nothing; `believed` where it did. */
export function reasonOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof NotificationRefused) return error.reason;
    throw error;
  }
  return 'believed';
}
