import { logSettings, readSettings } from '@app/config';
import { pino, type Logger, type LoggerOptions } from 'pino';
import { z } from 'zod';
import { logContext } from './log-context.ts';

/** What never reaches a log, wherever it stands in the logged object. */
const secretPaths = [
  'req.headers.authorization',
  'req.headers.cookie',
  'req.headers["x-api-key"]',
  'res.headers["set-cookie"]',
  'authorization',
  '*.authorization',
  'apiKey',
  '*.apiKey',
  'password',
  '*.password',
  'secret',
  '*.secret',
];

/** How every process of the project logs: JSON lines on standard output, UTC time, ids from the log context, no secrets. */
export function logOptions(serviceName: string): LoggerOptions {
  const { LOG_LEVEL } = readSettings(z.object(logSettings));
  return {
    name: serviceName,
    level: LOG_LEVEL,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: secretPaths, censor: '(secret)' },
    mixin: () => ({ ...logContext() }),
  };
}

let current: Logger | undefined;

/** Names the service in the lines of `log` and gives the one logger of the process. */
export function startLog(serviceName: string): Logger {
  current = pino(logOptions(serviceName));
  return current;
}

/** The logger of this process. Lines written before `startLog` say `haoli` for the service. */
export const log = (): Logger => current ?? startLog('haoli');
