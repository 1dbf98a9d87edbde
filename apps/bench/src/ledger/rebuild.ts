import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { memoryPeakOf, cpuMicrosOf } from './cpu.ts';
import { fixed, type Measurement, Stopwatch } from './measure.ts';
import type { Stage } from './stage.ts';
import { type Compared, shown } from './table.ts';

const program = fileURLToPath(new URL('../../../ledger/src/rebuild.js', import.meta.url));
const timesMax = 7;

/** The journal folded anew, against PostgreSQL's own sum of every posting by account. */
export async function measureRebuild(stage: Stage): Promise<Compared[]> {
  await stage.journal.settle();
  const postings = await stage.journal.postings();
  await stage.journal.sumByAccount();
  const watch = new Stopwatch({ postgresPid: stage.settings.BENCH_POSTGRES_PID });
  await stage.journal.sumByAccount();
  const summed = watch.stop('SELECT account, sum(amount) GROUP BY account', postings);
  const measured = await rebuilt(stage, postings);
  const times = measured.seconds / summed.seconds;
  const ratio = `${fixed(times, 1)} × the sum`;
  return [shown(summed), { measured, ratio, target: `< ${String(timesMax)} ×`, met: times < timesMax }];
}

async function rebuilt(stage: Stage, postings: number): Promise<Measurement> {
  const child = spawn(process.execPath, [program], {
    env: { LEDGER_DATABASE_URL: stage.settings.BENCH_DATABASE_URL },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = child.pid ?? -1;
  let report = '';
  let last = { micros: 0, peak: 0 };
  child.stdout.on('data', (text: Buffer) => (report += text.toString()));
  const looking = setInterval(() => {
    const micros = cpuMicrosOf(pid);
    if (micros > 0) last = { micros, peak: memoryPeakOf(pid) };
  }, 50);
  const watch = new Stopwatch({ postgresPid: stage.settings.BENCH_POSTGRES_PID, nodePid: pid });
  await once(child, 'close');
  clearInterval(looking);
  const { agrees, firstDifference, durationMs } = JSON.parse(report) as Record<string, string>;
  if (String(agrees) !== 'true') throw new Error(`The rebuild does not agree: ${String(firstDifference)}`);
  return {
    ...watch.stop('rebuild, hashes verified', postings),
    seconds: Number(durationMs) / 1_000,
    nodeMicros: last.micros / postings,
    remark: `${fixed(last.peak, 0)} MiB`,
  };
}
