// Where everything that is not in git lies. Node built-ins only: this is read before node_modules exists.
import { chmodSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const stateDir = join(root, '.haoli');
export const kafkaJarsDir = join(stateDir, 'kafka-jars');
export const kafkaPom = join(root, 'deploy', 'local', 'pom.xml');
export const logsDir = join(stateDir, 'logs');

/** Makes the state folder. Others may pass through it (PostgreSQL runs as another user when we are root), not list it. */
export function makeStateDir() {
  mkdirSync(logsDir, { recursive: true });
  if (ownsItsFiles()) chmodSync(stateDir, 0o711);
}

function ownsItsFiles() {
  return process.platform !== 'win32';
}
