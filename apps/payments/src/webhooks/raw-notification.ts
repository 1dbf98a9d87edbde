import type { IncomingHttpHeaders } from 'node:http';
import type { RawNotification } from '../channels/payment-channel.ts';

/** A webhook's request as a notification: the very bytes that came, and when they did. */
export function rawNotificationOf(request: {
  readonly headers: IncomingHttpHeaders;
  readonly rawBody?: Buffer | undefined;
}): RawNotification {
  const single = Object.entries(request.headers).map(
    ([name, value]) => [name, Array.isArray(value) ? value[0] : value] as const,
  );
  return {
    headers: Object.fromEntries(single),
    body: request.rawBody ?? Buffer.alloc(0),
    receivedAt: new Date(),
  };
}
