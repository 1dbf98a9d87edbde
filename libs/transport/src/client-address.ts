import { AsyncLocalStorage } from 'node:async_hooks';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

const storage = new AsyncLocalStorage<string>();

/** The address that the request under way came from; behind a trusted proxy, the one that it names. Undefined outside of requests. */
export const clientAddress = (): string | undefined => storage.getStore();

/** Runs `work` as if it were part of a request from this address. */
export const withClientAddress = <Result>(address: string, work: () => Result): Result =>
  storage.run(address, work);

/** Lets everything that a request does ask for its address. */
export function withClientAddresses(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onRequest', (request, _reply, done) => {
    withClientAddress(request.ip, done);
  });
}
