// Starts, remembers and ends child processes. A process is known by its id AND its start time, because the
// operating system gives ids again: after a crash we never end a stranger that got the id of one of ours.
import { spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const stopPatienceMs = 10_000;
/** Long, because a laptop may be busy with a build; a process that ends is reported at once. */
const readyPatienceMs = 180_000;

/** The start time of a living process, as text, or undefined when there is no such process (or only its zombie). */
export function startTimeOf(pid) {
  if (process.platform !== 'linux') {
    return (
      spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim() || undefined
    );
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** What is written down about a process, so that a later run can recognise it. */
export const identityOf = (pid) => ({ pid, start: startTimeOf(pid) });

export const isAlive = ({ pid, start }) => start !== undefined && startTimeOf(pid) === start;

/**
 * Starts a process in a group of its own, so that Ctrl-C in the terminal reaches only us and we end the others in order.
 * Its output goes to `logFile`. `stopSignal` asks it to end; SIGKILL follows when it does not.
 */
export function startProcess({ name, command, args, env, cwd, uid, logFile, stopSignal = 'SIGTERM' }) {
  const log = openSync(logFile, 'a', 0o640);
  const child = spawn(command, args, {
    env,
    cwd,
    detached: true,
    stdio: ['ignore', log, log],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  closeSync(log);
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => resolve(signal ? `was ended by ${signal}` : `ended with ${code}`));
  });
  const handle = { name, logFile, stopSignal, ...identityOf(child.pid), ended, outcome: undefined };
  remember(handle);
  ended.then((outcome) => (handle.outcome = outcome));
  return handle;
}

/** A test run keeps a list of what its specs start, and ends what a spec that was interrupted could not end. */
function remember({ name, pid, start, stopSignal }) {
  const list = process.env.HAOLI_PROCESS_LIST;
  if (list) appendFileSync(list, `${JSON.stringify({ name, pid, start, stopSignal })}\n`);
}

/** Runs a program to its end, without a terminal, and gives its status and everything it said. Other work goes on meanwhile. */
export function runToEnd({ command, args, cwd, env, uid }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', (error) => resolve({ status: 1, output: error.message }));
    child.once('close', (code, signal) =>
      resolve({ status: code ?? 1, output: signal ? `${output}\n${signal}` : output }),
    );
  });
}

/** Ends a process (its whole group when it leads one) and returns when it is gone. Safe to call on one that is gone. */
export async function stopProcess(known) {
  if (!isAlive(known)) return;
  send(known, known.stopSignal ?? 'SIGTERM');
  const deadline = Date.now() + stopPatienceMs;
  while (isAlive(known) && Date.now() < deadline) await sleep(50);
  if (isAlive(known)) {
    send(known, 'SIGKILL', { group: true });
    while (isAlive(known) && Date.now() < deadline + 5_000) await sleep(50);
  }
}

function send({ pid }, signal, { group = false } = {}) {
  try {
    process.kill(group ? -pid : pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/** Waits until `probe` no longer throws. Fails at once when the process ends, with the last lines of its log. */
export async function untilReady(handle, probe, timeoutMs = readyPatienceMs) {
  const deadline = Date.now() + timeoutMs;
  let lastError;
  while (handle.outcome === undefined && Date.now() < deadline) {
    try {
      return await probe();
    } catch (error) {
      if (error.hopeless) throw error;
      lastError = error;
      await sleep(100);
    }
  }
  const what =
    handle.outcome ?? `was not ready within ${timeoutMs / 1000} s (${lastError?.message ?? 'no answer'})`;
  throw new Error(`${handle.name} ${what}. Log: ${handle.logFile}\n${lastLines(handle.logFile, 15)}`);
}

export function lastLines(file, count) {
  if (!existsSync(file)) return '';
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
}

/** Reads a JSON file, or undefined when there is none or a crash left it half written. */
export function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Reads a file of one JSON text per line; a last line that a crash cut off is left out. */
export function readJsonLines(file) {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line));
}

/** Replaces a JSON file at once: a reader sees the old one or the new one, never half of it. */
export function writeJson(file, value, mode = 0o600) {
  const draft = `${file}.${process.pid}.draft`;
  writeFileSync(draft, JSON.stringify(value, null, 2) + '\n', { mode });
  renameSync(draft, file);
}
