import { fixed, type Measurement, Stopwatch } from '../measure.ts';
import type { Stage } from './stage.ts';
import { type Compared, shown } from '../table.ts';

/** The book that grows. */
export const growingBook = 'cus_bench000000';
const flatMax = 1.3;

/** What a charge costs while one book grows, tenfold from step to step. */
export async function measureGrowth(stage: Stage): Promise<Compared[]> {
  const steps: Measurement[] = [];
  for (let size = 10_000; size <= stage.settings.BENCH_ENTRIES; size *= 10) {
    await growTo(stage, size);
    steps.push(await measureAt(stage, size));
  }
  const [first] = steps;
  return steps.map((step) => {
    if (first === undefined || step === first) return shown(step);
    const ratio = costOf(step) / costOf(first);
    return {
      measured: step,
      ratio: `${fixed(ratio, 2)} × the first cost`,
      target: `≤ ${String(flatMax)} ×`,
      met: ratio <= flatMax,
    };
  });
}

const costOf = ({ nodeMicros, postgresMicros }: Measurement): number => nodeMicros + postgresMicros;

async function growTo(stage: Stage, size: number): Promise<void> {
  const missing = size - (await stage.journal.versionOf(growingBook));
  if (missing <= 0) return;
  const before = await stage.journal.entries();
  await stage.withLedger(async () => {
    await stage.publishCharges(missing, 1);
    await stage.until(before + missing);
  });
}

async function measureAt(stage: Stage, size: number): Promise<Measurement> {
  const count = Math.ceil(stage.settings.BENCH_CHARGES / 2);
  await stage.publishCharges(count * 2, 1);
  await stage.journal.settle();
  const before = await stage.journal.entries();
  return stage.journal.withoutPublishing(() =>
    stage.withLedger(async (ledger) => {
      const from = await stage.until(before + count);
      const watch = new Stopwatch({ postgresPid: stage.settings.BENCH_POSTGRES_PID, nodePid: ledger.pid });
      const to = await stage.until(before + count * 2);
      return watch.stop(`charges at ${size.toLocaleString('en')} entries`, to - from);
    }),
  );
}
