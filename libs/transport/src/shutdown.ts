import { health, log } from '@app/observability';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** Less than an orchestrator's usual 30 s, so that the log says what did not end. */
const deadlineMs = 25_000;

/**
 * Ends the process in order when it is asked to: readiness false, no new requests, the batch in hand finishes or is given back,
 * Kafka is left, connections are closed, exit 0. A promise that nobody awaited is a bug: the process ends with 1.
 */
export function shutDownOnSignal(app: NestFastifyApplication, onDrain: () => void): void {
  let ending = false;
  const end = (signal: string) => {
    if (ending) return;
    ending = true;
    log().info({ signal }, 'Going down');
    onDrain();
    health.drain();
    const tooLong = setTimeout(() => {
      log().error('Going down took too long; ending now');
      process.exit(1);
    }, deadlineMs).unref();
    closeIdleConnections(app);
    app.close().then(
      () => {
        clearTimeout(tooLong);
        process.exit(0);
      },
      (error: unknown) => {
        log().error({ err: error }, 'Going down failed');
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, end);
  process.on('unhandledRejection', (error) => {
    log().fatal({ err: error }, 'A promise was rejected and nobody handled it');
    process.exit(1);
  });
}

/** A connection whose last request was under way when the server closed would be kept alive; it is closed once it is idle. */
function closeIdleConnections(app: NestFastifyApplication): void {
  setInterval(() => {
    app.getHttpServer().closeIdleConnections();
  }, 100).unref();
}
