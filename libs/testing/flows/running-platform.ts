import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { testServers, topicPrefix } from '../src/servers.ts';

/** A process of the platform, as the start scripts know it. */
interface ProcessHandle {
  readonly pid: number;
  readonly ended: Promise<string>;
  /** How it ended, once it has. */
  readonly outcome: string | undefined;
}

/** The platform as `npm start` runs it: four services and the sandbox, each a process of its own. */
export interface RunningPlatform {
  readonly environment: Readonly<Record<string, string>>;
  /** Ends a service as a crash would, and starts it again once it is gone. */
  kill(service: ServiceName): Promise<void>;
  /** Runs a program against the platform (`sandbox/src/story`) to its end and gives its status and output. */
  run(path: string, args?: readonly string[]): Promise<{ readonly status: number; readonly output: string }>;
  /** What the services wrote to their logs. */
  logOf(service: ServiceName): string;
  /** Where every process writes its log, `<name>.log`. */
  readonly logDir: string;
  /** A service's database, for one who may read all of it. */
  databaseUrlOf(service: ServiceName): string;
  stop(): Promise<void>;
}

export type ServiceName = 'gateway' | 'metering' | 'ledger' | 'payments';

interface Platform {
  readonly environment: Readonly<Record<string, string>>;
  process(name: string): ProcessHandle;
  names(): readonly string[];
  restart(name: string): Promise<void>;
  stop(): Promise<void>;
}

interface Scripts {
  startPlatform(options: object): Promise<Platform>;
  loadSecrets(file: string): { readonly roles: object };
  makeDatabases(options: object): Promise<Readonly<Record<string, { readonly owner: string }>>>;
  runToEnd(options: object): Promise<{ readonly status: number; readonly output: string }>;
}

const root = join(import.meta.dirname, '../../..');

/**
 * Starts the platform on databases and topics of its own. The services are those that were built to `dist`.
 * `settings` are put over a service's environment, such as `{ ledger: { SWEEP_SECONDS: '1' } }`.
 */
export async function runningPlatform(
  name: string,
  settings: Readonly<Partial<Record<ServiceName, Readonly<Record<string, string>>>>> = {},
): Promise<RunningPlatform> {
  const scripts = await startScripts();
  const { databaseUrl, kafkaBrokers } = testServers();
  const stateDir = mkdtempSync(join(tmpdir(), `haoli-flow-${name}-`));
  const secrets = scripts.loadSecrets(join(stateDir, 'secrets.json'));
  const prefix = topicPrefix();
  const databases = await scripts.makeDatabases({
    serverUrl: databaseUrl,
    passwords: secrets.roles,
    prefix: prefix.replaceAll('-', '_'),
  });
  const pids: number[] = [];
  const platform = await scripts
    .startPlatform({
      ...{ databases, kafkaBrokers, secrets, stateDir, logDir: stateDir },
      ...{ topicPrefix: prefix, portOffset: portOffset(), extraEnvironment: settings },
      started: ({ pid }: ProcessHandle) => pids.push(pid),
    })
    .catch((error: unknown) => {
      endAll(pids);
      throw error;
    });
  const supervisor = supervise(platform);
  return {
    environment: platform.environment,
    kill: async (service) => {
      await supervisor.restartOf(service); // One that is being started again is left to come up first.
      const { pid, ended, outcome } = platform.process(service);
      if (outcome === undefined) process.kill(pid, 'SIGKILL');
      await ended;
      await supervisor.restartOf(service);
    },
    run: (path, args = []) =>
      scripts.runToEnd({
        command: process.execPath,
        args: [join(root, 'dist/apps', path, 'main.js'), ...args],
        cwd: root,
        env: { ...process.env, ...platform.environment },
      }),
    logOf: (service) => readFileSync(join(stateDir, `${service}.log`), 'utf8'),
    logDir: stateDir,
    databaseUrlOf: (service) => `${databaseUrl}${new URL(databases[service]?.owner ?? '').pathname}`,
    stop: async () => {
      supervisor.stop();
      await platform.stop();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

/** Starts again whatever ends, as any orchestrator does: a service may end itself when it cannot go on. */
function supervise(platform: Platform) {
  const restarts = new Map<string, Promise<void>>();
  let isStopping = false;
  const watch = async (name: string): Promise<void> => {
    for (;;) {
      await platform.process(name).ended;
      if (isStopping) return;
      const restart = platform.restart(name);
      restarts.set(name, restart);
      await restart;
    }
  };
  for (const name of platform.names()) watch(name).catch(() => undefined); // Told by restartOf to who waits for it.
  return {
    restartOf: async (name: string) => restarts.get(name),
    stop: () => {
      isStopping = true;
    },
  };
}

/** Runs beside each other look for free ports in different places, for between the look and the use another may take one. */
const portOffset = (): number => 4_000 + (process.pid % 40) * 25;

/** What had started when something else did not. */
function endAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended already.
    }
  }
}

async function startScripts(): Promise<Scripts> {
  const files = ['platform', 'secrets', 'databases', 'processes'];
  const modules = await Promise.all(
    files.map(
      (file) => import(pathToFileURL(join(root, `deploy/local/${file}.mjs`)).href) as Promise<object>,
    ),
  );
  return Object.assign({}, ...modules) as Scripts;
}
