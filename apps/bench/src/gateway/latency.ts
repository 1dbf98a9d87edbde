import { wordsOf } from '../fake-upstream/wish.ts';
import { fixed, type Measurement, percentile } from '../measure.ts';
import { type Compared, shown } from '../table.ts';
import type { Answered, Caller } from './caller.client.ts';
import { atRate, inTurns } from './load.ts';
import { bodyOf, type Stage } from './stage.ts';

const offered = 500;
const idlePerSecond = 5;
const delayMs = { from: 20, to: 180 };
const steps = 64;

/** Bodies whose answers take every length in the range, made beforehand so that making them costs nothing meanwhile. */
const bodies = Array.from({ length: steps }, (_, step) => {
  const waits = Math.round(delayMs.from + ((delayMs.to - delayMs.from) * step) / (steps - 1));
  return { waits, body: bodyOf(wordsOf({ delayMs: waits, chunks: 0, gapMs: 0 })) };
});

interface Limits {
  readonly p50: number;
  readonly p99: number;
}

/** What the gateway adds to calls whose provider thinks for a while, and to a provider that answers at once. */
export async function measureLatency(stage: Stage): Promise<Compared[]> {
  const rows: Compared[] = [];
  const load = `${String(offered)} calls/s, provider thinks ${String(delayMs.from)}–${String(delayMs.to)} ms`;
  rows.push(...(await compared(stage, load, { load: offeredRate, limits: { p50: 3, p99: 15 } })));
  rows.push(
    ...(await compared(stage, 'one caller, again and again', {
      load: oneCaller,
      limits: { p50: 2, p99: 8 },
    })),
  );
  rows.push(
    ...(await compared(stage, `idle, ${String(idlePerSecond)} calls/s`, { load: idle, limits: undefined })),
  );
  return rows;
}

type Load = (caller: Caller, key: () => string, seconds: number) => Promise<number[]>;

/** Calls a second; how long each took beyond what the provider was asked to take. */
const offeredRate: Load = async (caller, key, seconds) => {
  const beyond: number[] = [];
  await atRate(offered, seconds, async () => {
    const { waits, body } = bodies[Math.floor(Math.random() * steps)] ?? { waits: 0, body: '' };
    const answered = await caller.chat(key(), body);
    beyond.push(answered.wholeMs - waits);
    return answered;
  });
  return beyond;
};

const atOnce = bodyOf(wordsOf({ delayMs: 0, chunks: 0, gapMs: 0 }));
const timesOf = (answers: readonly Answered[]): number[] => answers.map(({ wholeMs }) => wholeMs);
const oneCaller: Load = async (caller, key, seconds) =>
  timesOf(await inTurns(1, seconds, () => caller.chat(key(), atOnce)));
const idle: Load = async (caller, key, seconds) =>
  timesOf(await atRate(idlePerSecond, seconds, () => caller.chat(key(), atOnce)));

/** The same load directly and through the gateway. What is added is told against the direct median. */
async function compared(
  stage: Stage,
  name: string,
  { load, limits }: { readonly load: Load; readonly limits: Limits | undefined },
): Promise<Compared[]> {
  const { BENCH_SECONDS: seconds } = stage.settings;
  const key = () => stage.nextKey();
  await load(stage.direct, key, seconds / 4);
  const direct = await measured(stage, `directly: ${name}`, () => load(stage.direct, key, seconds));
  await load(stage.through, key, seconds / 2);
  const through = await measured(stage, `through the gateway: ${name}`, () =>
    load(stage.through, key, seconds),
  );
  const usual = percentile(direct.times, 0.5);
  const [p50, p99] = [percentile(through.times, 0.5) - usual, percentile(through.times, 0.99) - usual];
  const added = `adds p50 ${fixed(p50, 1)} ms, p99 ${fixed(p99, 1)} ms`;
  return [shown(direct.measurement), judged(through.measurement, { added, p50, p99, limits })];
}

function judged(
  measurement: Measurement,
  { added, p50, p99, limits }: Limits & { readonly added: string; readonly limits: Limits | undefined },
): Compared {
  if (limits === undefined) return shown(measurement, added);
  return {
    ...shown(measurement, added),
    target: `adds p50 ≤ ${String(limits.p50)}, p99 ≤ ${String(limits.p99)} ms`,
    met: p50 <= limits.p50 && p99 <= limits.p99,
  };
}

async function measured(
  stage: Stage,
  name: string,
  work: () => Promise<number[]>,
): Promise<{ readonly measurement: Measurement; readonly times: readonly number[] }> {
  const costs = stage.costs();
  const times = await work();
  const [p50, p99] = [percentile(times, 0.5), percentile(times, 0.99)];
  const remark = `p50 ${fixed(p50, 1)} ms, p99 ${fixed(p99, 1)} ms beyond the provider’s own`;
  return { measurement: costs.stop(name, times.length, remark), times };
}
