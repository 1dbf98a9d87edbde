import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { StageServers } from '../src/simulation/databases.store.ts';

/** A server that can be stopped and started again with what it had. */
export interface OwnServer {
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** A PostgreSQL and a Kafka that no other spec uses. */
export interface OwnServers extends StageServers {
  readonly postgres: OwnServer;
  readonly kafka: OwnServer;
  close(): Promise<void>;
}

interface Running {
  readonly dataDir: string;
  readonly url?: string;
  readonly brokers?: string;
}
interface Scripts {
  startPostgres(options: object): Promise<Running>;
  startKafka(options: object): Promise<Running>;
  loadSecrets(): { readonly installation: string; readonly postgres: string };
  freePort(port: number): Promise<number>;
  stopProcess(process: object): Promise<void>;
  removeData(place: { readonly dataDir: string }): void;
}

const root = join(import.meta.dirname, '../../..');

/** Starts both, on ports that they keep. */
export async function ownServers(): Promise<OwnServers> {
  const scripts = await startScripts();
  const directory = mkdtempSync(join(tmpdir(), 'haoli-outage-'));
  const { installation, postgres: password } = scripts.loadSecrets();
  const started = () => undefined;
  const first = 45_000 + (process.pid % 500) * 10;
  const ports = { postgres: await scripts.freePort(first), kafka: await scripts.freePort(first + 3) };
  const controllerPort = await scripts.freePort(first + 6);
  // PostgreSQL runs as nobody, who may not enter a folder of ours: its data lie beside the others'.
  const postgresDir = join(root, '.haoli', `outage-${String(process.pid)}-postgres`);
  const postgres = await restartable(scripts, () =>
    scripts.startPostgres({
      ...{ dataDir: postgresDir, installation, password, port: ports.postgres, started },
      logFile: join(directory, 'postgres.log'),
    }),
  );
  const kafka = await restartable(scripts, () =>
    scripts.startKafka({
      ...{ dataDir: join(directory, 'kafka'), port: ports.kafka, controllerPort, started },
      logFile: join(directory, 'kafka.log'),
    }),
  );
  return {
    ...{ databaseUrl: postgres.running().url ?? '', kafkaBrokers: kafka.running().brokers ?? '' },
    ...{ prefix: 'outage-', postgres, kafka },
    close: async () => {
      await Promise.all([postgres.stop(), kafka.stop()]);
      scripts.removeData(postgres.running());
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function restartable(scripts: Scripts, run: () => Promise<Running>) {
  let server = await run();
  return {
    running: () => server,
    stop: () => scripts.stopProcess(server),
    start: async () => {
      server = await run();
    },
  };
}

async function startScripts(): Promise<Scripts> {
  const files = ['postgres', 'kafka', 'secrets', 'ports', 'processes'];
  const modules = await Promise.all(
    files.map(
      (file) => import(pathToFileURL(join(root, `deploy/local/${file}.mjs`)).href) as Promise<object>,
    ),
  );
  return Object.assign({}, ...modules) as Scripts;
}
