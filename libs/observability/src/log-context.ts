import { AsyncLocalStorage } from 'node:async_hooks';

/** Ids that every log line within some work carries. Ids only: no names, no amounts, no keys. */
export type LogContext = Readonly<Record<string, string>>;

const storage = new AsyncLocalStorage<LogContext>();

/** Runs `work` so that every log line written in it carries `context`, such as `{ callId }`. Contexts nest. */
export function withLogContext<Result>(context: LogContext, work: () => Result): Result {
  return storage.run({ ...storage.getStore(), ...context }, work);
}

/** The ids that a log line written now would carry. */
export const logContext = (): LogContext => storage.getStore() ?? {};
