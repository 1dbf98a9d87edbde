import { fixed, percentile, rateOf } from '../measure.ts';
import { type Compared, shown } from '../table.ts';
import { wordsOf } from '../fake-upstream/wish.ts';
import type { Answered } from './caller.client.ts';
import { inTurns } from './load.ts';
import { bodyOf, type Stage } from './stage.ts';

const callers = 32;
const rateMin = 3_000;
const gatewayMicrosMax = 300;
const atOnce = bodyOf(wordsOf({ delayMs: 0, chunks: 0, gapMs: 0 }));
const streamed = bodyOf(wordsOf({ delayMs: 0, chunks: 20, gapMs: 0 }), true);

/** Calls of 32 callers at a provider that answers at once, each with its hold; and the provider called directly. */
export async function measureThroughput(stage: Stage): Promise<Compared[]> {
  const { BENCH_SECONDS: seconds } = stage.settings;
  await inTurns(callers, seconds / 4, () => stage.direct.chat('sk-bench', atOnce));
  const directly = stage.costs();
  const direct = await inTurns(callers, seconds / 2, () => stage.direct.chat('sk-bench', atOnce));
  const baseline = directly.stop('provider called directly', direct.length, timesOf(direct));

  const calls = (body: string) => () => stage.through.chat(stage.nextKey(), body);
  const whole = await measured(stage, '32 callers through the gateway', calls(atOnce));
  const stream = await measured(stage, '32 callers, streams of 20 chunks', calls(streamed));
  const rate = rateOf(whole.measured);
  return [
    shown(baseline),
    {
      ...whole,
      target: `≥ ${rateMin.toLocaleString('en')}/s, gateway ≤ ${String(gatewayMicrosMax)} µs`,
      met: rate >= rateMin && whole.measured.nodeMicros <= gatewayMicrosMax,
    },
    stream,
  ];
}

async function measured(stage: Stage, name: string, call: () => Promise<Answered>): Promise<Compared> {
  const { BENCH_SECONDS: seconds } = stage.settings;
  const warm = await inTurns(callers, seconds / 2, call);
  const { left: before } = await stage.settled();
  const costs = stage.costs();
  const answers = await inTurns(callers, seconds, call);
  const measurement = costs.stop(name, answers.length, timesOf(answers));
  const { left, seconds: late } = await stage.settled();
  const spent = before.minus(left).toText();
  return shown(
    measurement,
    `all settled ${fixed(late, 1)} s later, ${spent} spent, ${String(warm.length)} calls before`,
  );
}

function timesOf(answers: readonly Answered[]): string {
  const times = answers.map(({ wholeMs }) => wholeMs);
  return `p50 ${fixed(percentile(times, 0.5), 1)} ms, p99 ${fixed(percentile(times, 0.99), 1)} ms`;
}
