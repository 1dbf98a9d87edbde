import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { piece } from '../fake-upstream/answers.ts';
import { wordsOf } from '../fake-upstream/wish.ts';
import { fixed, type Measurement, percentile } from '../measure.ts';
import { type Compared, shown } from '../table.ts';
import type { Answered, Caller } from './caller.client.ts';
import { bodyOf, type Stage } from './stage.ts';

const gapMs = 20;
const chunks = 250;
const streamMs = gapMs * chunks;
const body = bodyOf(wordsOf({ delayMs: 0, chunks, gapMs }), true);
const microsMax = 40;
const firstByteMsMax = 10;
/** By how much memory may be larger in the last third of the run than in the first. */
const growthMax = 0.1;
const closedWithinMs = 90_000;

/** Streams of 50 chunks a second, begun one after another: what a chunk costs, and what stays behind. */
export async function measureStreams(stage: Stage): Promise<Compared[]> {
  const { BENCH_STREAM_SECONDS: seconds } = stage.settings;
  const sockets = socketsOf(stage.gateway.pid);
  const direct = await paced(stage, stage.direct, seconds / 2);
  const through = await paced(stage, stage.through, seconds);
  const { seconds: late } = await stage.settled();
  const left = await socketsLeft(stage, sockets);
  return [
    shown(direct.measured, firstBytes(direct)),
    {
      ...shown(through.measured, firstBytes(through)),
      target: `gateway ≤ ${String(microsMax)} µs a chunk`,
      met: through.measured.nodeMicros <= microsMax,
    },
    firstByteLater(through, direct),
    memoryFlat(through.memory, seconds),
    nothingLeft(stage, { sockets: left, holds: await stage.openHolds(), late }),
  ];
}

/** Streams that ran, and what was seen between the moment when all ran and the moment when the first ended for good. */
interface Paced {
  readonly measured: Measurement;
  readonly answers: readonly Answered[];
  readonly memory: readonly number[];
}

async function paced(stage: Stage, caller: Caller, seconds: number): Promise<Paced> {
  const { BENCH_STREAMS: streams } = stage.settings;
  const answers: Answered[] = [];
  const until = performance.now() + streamMs * 1.5 + seconds * 1_000;
  const one = async (index: number): Promise<void> => {
    await pause((streamMs * index) / streams);
    while (performance.now() < until) answers.push(served(await caller.chat(stage.nextKey(), body)));
  };
  const all = Promise.all(Array.from({ length: streams }, (_, index) => one(index)));
  await pause(streamMs * 1.2);
  const [costs, bytes] = [stage.costs(), caller.bytesRead];
  const memory = await memoryDuring(stage.gateway.pid, seconds);
  const passed = Math.round((caller.bytesRead - bytes) / piece.length);
  const way = caller === stage.direct ? 'directly' : 'through the gateway';
  const measured = costs.stop(`${String(streams)} streams ${way}, chunks`, passed, 'all ran');
  await all;
  return { measured, answers, memory };
}

function served(answered: Answered): Answered {
  if (answered.status !== 200) throw new Error(`A stream was answered with ${String(answered.status)}.`);
  return answered;
}

const firstByteOf = ({ answers }: Paced): number =>
  percentile(
    answers.map(({ firstByteMs }) => firstByteMs),
    0.5,
  );

const firstBytes = (ran: Paced): string =>
  `first byte of ${String(ran.answers.length)} streams after ${fixed(firstByteOf(ran), 1)} ms`;

function firstByteLater(through: Paced, direct: Paced): Compared {
  const later = firstByteOf(through) - firstByteOf(direct);
  return {
    measured: uncosted('first byte of a stream'),
    ratio: `p50 ${fixed(later, 1)} ms later`,
    target: `< ${String(firstByteMsMax)} ms later`,
    met: later < firstByteMsMax,
  };
}

function memoryFlat(memory: readonly number[], seconds: number): Compared {
  const third = Math.ceil(memory.length / 3);
  const [first, last] = [Math.max(...memory.slice(0, third)), Math.max(...memory.slice(-third))];
  return {
    measured: uncosted(`memory over ${String(seconds)} s`),
    ratio: `at most ${fixed(first, 0)} MiB in the first third, ${fixed(last, 0)} in the last`,
    target: `grows by less than ${fixed(growthMax * 100, 0)} %`,
    met: last < first * (1 + growthMax),
  };
}

function nothingLeft(
  { gateway: { warnings } }: Stage,
  { sockets, holds, late }: { readonly sockets: number; readonly holds: number; readonly late: number },
): Compared {
  return {
    measured: uncosted('left behind'),
    ratio: `${String(sockets)} sockets, ${String(holds)} holds, ${String(warnings)} warnings of Node; settled after ${fixed(late, 1)} s`,
    target: 'nothing',
    met: sockets === 0 && holds === 0 && warnings === 0,
  };
}

const uncosted = (name: string): Measurement => ({
  ...{ name, operations: 1, seconds: 1, nodeMicros: Number.NaN, postgresMicros: Number.NaN },
});

/** What the process has in memory, once a second. */
async function memoryDuring(pid: number, seconds: number): Promise<readonly number[]> {
  const seen: number[] = [];
  for (let second = 0; second < seconds; second += 1) {
    await pause(1_000);
    const [, kib] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8')) ?? [];
    seen.push(Number(kib) / 1_024);
  }
  return seen;
}

/** The sockets that a process has open. */
function socketsOf(pid: number): number {
  const folder = `/proc/${String(pid)}/fd`;
  return readdirSync(folder).filter((name) => linkOf(`${folder}/${name}`).startsWith('socket:')).length;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // It was closed just now.
  }
}

/** How many sockets there are more than before, once connections that nobody uses have had the time to be closed. */
async function socketsLeft(stage: Stage, before: number): Promise<number> {
  await stage.through.idle();
  const until = performance.now() + closedWithinMs;
  for (;;) {
    const left = Math.max(0, socketsOf(stage.gateway.pid) - before);
    if (left === 0 || performance.now() > until) return left;
    await pause(1_000);
  }
}
