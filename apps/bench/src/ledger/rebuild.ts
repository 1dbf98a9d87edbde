import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { memoryPeakOf, cpuMicrosOf } from '../cpu.ts';
import { LoadedJournal, type JournalSize } from './loaded-journal.ts';
import { fixed, type Measurement, Stopwatch } from '../measure.ts';
import type { Stage } from './stage.ts';
import { type Compared, shown } from '../table.ts';

const program = fileURLToPath(new URL('../../../ledger/src/rebuild.js', import.meta.url));
const timesMax = 7;
const books = 10_000;
const memoryTimesMax = 1.5;

/**
 * The journal folded anew, hashes verified, against PostgreSQL's own sum of every posting by account, over the table that answers it
 * fastest; and its memory at a tenth of the size.
 */
export async function measureRebuild(stage: Stage): Promise<Compared[]> {
  const calls = stage.settings.BENCH_ENTRIES;
  const small = await measured(stage, {
    name: 'rebuild_small',
    books: books / 10,
    calls: calls / 10,
    of: 'charges',
  });
  const large = await measured(stage, { name: 'rebuild', books, calls, of: 'charges' });
  const held = await measured(stage, {
    name: 'rebuild_held',
    books: books / 10,
    calls: calls / 10,
    of: 'held calls',
  });
  const memoryTimes = large.peak / small.peak;
  return [
    ...small.lines.map(unjudged),
    ...large.lines,
    {
      measured: { ...large.rebuilt, name: 'memory of the rebuild, ten times the entries' },
      ratio: `${fixed(memoryTimes, 2)} × the memory`,
      target: `< ${String(memoryTimesMax)} ×`,
      met: memoryTimes < memoryTimesMax,
    },
    // Two entries for each posting: shown, because calls have holds; the target is for postings.
    ...held.lines.map(unjudged),
  ];
}

const unjudged = (line: Compared): Compared => ({ ...line, target: '', met: undefined });

interface Measured {
  readonly lines: readonly Compared[];
  readonly rebuilt: Measurement;
  readonly peak: number;
}

async function measured(stage: Stage, size: JournalSize): Promise<Measured> {
  const loaded = await LoadedJournal.open(stage, size);
  try {
    const postings = await loaded.journal.postings();
    const of = `of ${postings.toLocaleString('en')} postings, ${size.of}`;
    await loaded.journal.sumByAccount();
    const watch = new Stopwatch({ postgresPid: stage.settings.BENCH_POSTGRES_PID });
    await loaded.journal.sumByAccount();
    const summed = watch.stop(`SELECT account, sum(amount) GROUP BY account ${of}`, postings);
    const { rebuilt, peak } = await rebuild(stage, loaded.url, postings);
    const named = { ...rebuilt, name: `rebuild, hashes verified, ${of}`, remark: `${fixed(peak, 0)} MiB` };
    const times = rebuilt.seconds / summed.seconds;
    const ratio = `${fixed(times, 1)} × the sum`;
    const judged = { measured: named, ratio, target: `< ${String(timesMax)} ×`, met: times < timesMax };
    return { lines: [shown(summed), judged], rebuilt, peak };
  } finally {
    await loaded.close();
  }
}

async function rebuild(stage: Stage, url: string, postings: number) {
  const child = spawn(process.execPath, [program], {
    env: { LEDGER_DATABASE_URL: url },
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
  const stopped = watch.stop('', postings);
  const rebuilt: Measurement = {
    ...stopped,
    seconds: Number(durationMs) / 1_000,
    nodeMicros: last.micros / postings,
  };
  return { rebuilt, peak: last.peak };
}
