import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One event as a customer's server got it. */
export interface ReceivedEvent {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A customer's server, which does with events what a test says. */
export class WebhookReceiver {
  readonly received: ReceivedEvent[] = [];
  answer: (response: ServerResponse, event: ReceivedEvent) => void = (response) =>
    response.writeHead(204).end();
  private readonly server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const { url: path = '', headers } = request;
      const event = { path, headers, body: Buffer.concat(pieces).toString() };
      this.received.push(event);
      this.answer(response, event);
    });
  });

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  /** Forgets what came, and takes everything from now on. */
  reset(): void {
    this.received.length = 0;
    this.answer = (response) => response.writeHead(204).end();
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
