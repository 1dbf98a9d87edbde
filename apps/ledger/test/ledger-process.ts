import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { encodeEvent, type Event, type TopicName } from '@app/contracts';
import { KafkaEventLog } from '@app/kafka';
import { Database } from '@app/persistence';
import { startIdentity } from '@app/testing';
import { environmentOf, peopleOf } from './service-for-specs.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

const running = new Set<ChildProcess>();

/** What ledgers in processes of their own need around them, and who uses them. */
export type Surroundings = Awaited<ReturnType<typeof surroundings>>;

/** A database, topics and an identity provider for ledgers in processes of their own. */
export async function surroundings(name: string) {
  const identity = await startIdentity();
  const environment = await environmentOf(identity.issuer, name, 0);
  const database = new Database({ url: environment.LEDGER_DATABASE_URL, applicationName: `${name} spec` });
  const events = new KafkaEventLog({
    ...{ clientId: 'spec', groupId: 'spec', partitions: 3, replicas: 1 },
    brokers: environment.KAFKA_BROKERS.split(','),
    topicPrefix: environment.KAFKA_TOPIC_PREFIX,
  });
  const doors: ReturnType<typeof peopleOf>[] = [];
  return {
    environment,
    database,
    token: (scopes: string) => identity.token(scopes),
    publish: (topic: TopicName, ...told: Event[]): Promise<void> =>
      events.publish(
        topic,
        told.map((event) => encodeEvent(topic, event)),
      ),
    /** Somebody at the doors of one of the ledgers. */
    someone: ({ base, url }: LedgerProcess, subject: string, scopes: string) => {
      const people = peopleOf(identity, base, url);
      doors.push(people);
      return people.someone(subject, scopes);
    },
    /** Ends all that is left, ledgers of a spec that failed too. */
    close: async () => {
      for (const { leave } of doors) leave();
      for (const child of running) child.kill('SIGKILL');
      await events.close(1_000);
      await database.close();
      await identity.close();
    },
  };
}

/** A ledger that runs. */
export type LedgerProcess = Awaited<ReturnType<typeof ledgerProcess>>;

/** A ledger in a process of its own, that may be killed. Needs the build, which the scripts make before these specs run. */
export async function ledgerProcess(environment: Readonly<Record<string, string>>) {
  const [httpPort, grpcPort] = [await freePort(), await freePort()];
  const url = `127.0.0.1:${grpcPort}`;
  const base = `http://127.0.0.1:${httpPort}`;
  const child = spawn(
    process.execPath,
    ['--disable-warning=TimeoutNegativeWarning', 'dist/apps/ledger/src/main.js'],
    {
      cwd: root,
      env: { ...process.env, ...environment, LEDGER_HTTP_PORT: String(httpPort), LEDGER_GRPC_URL: url },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  running.add(child);
  const ended = once(child, 'exit').then(() => running.delete(child));
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  await untilReady(base, () => child.exitCode !== null).catch(async (error: unknown) => {
    await stop('SIGKILL');
    throw error;
  });
  /** Stops the process in the middle of what it does, until it goes on as if nothing had been. */
  const freeze = (): boolean => child.kill('SIGSTOP');
  const goOn = (): boolean => child.kill('SIGCONT');
  return { base, url, kill: () => stop('SIGKILL'), stop: () => stop('SIGTERM'), freeze, goOn };
}

/** Runs a command of the ledger to its end. */
export async function ledgerCommand(
  environment: Readonly<Record<string, string>>,
  file: string,
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly said: string }> {
  const child = spawn(process.execPath, [`dist/apps/ledger/src/${file}`, ...args], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (said += String(part)));
  const [code] = (await once(child, 'exit')) as [number | null];
  return { code, said };
}

async function untilReady(base: string, hasEnded: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end && !hasEnded();) {
    const ready = await fetch(`${base}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('The ledger did not become ready.');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
