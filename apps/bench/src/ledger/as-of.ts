import { growingBook } from './growth.ts';
import { fixed, type Measurement, percentile, rateOf, Stopwatch } from './measure.ts';
import type { LedgerClient, Stage } from './stage.ts';
import { type Compared, shown } from './table.ts';

const questions = 2_000;
const timesMax = 2;

/** The balance as of an instant in the longest book, against the balance now: in SQL, and through the ledger's door. */
export async function measureAsOf(stage: Stage): Promise<Compared[]> {
  const length = await stage.journal.versionOf(growingBook);
  const size = length.toLocaleString('en');
  const instants: string[] = [];
  for (let part = 1; part <= 50; part += 1)
    instants.push(await stage.journal.recordedAt(growingBook, Math.floor((length * part) / 51) + 1));
  const inSql = await compare(stage, `in SQL, ${size} entries`, {
    now: () => stage.journal.balanceNow(growingBook),
    asOf: (at) => stage.journal.balanceAsOf(growingBook, instants[at % instants.length] ?? ''),
  });
  const through = await stage.withLedger((ledger) =>
    stage.withClient(ledger, (client) => throughTheDoor(stage, client, instants)),
  );
  return [...inSql, ...through];
}

const throughTheDoor = (stage: Stage, client: LedgerClient, instants: readonly string[]) =>
  compare(stage, 'through gRPC', {
    now: async () => {
      await client.GetBalance({ customerId: growingBook, asOf: '' });
    },
    asOf: async (at) => {
      await client.GetBalance({ customerId: growingBook, asOf: instants[at % instants.length] ?? '' });
    },
  });

interface Questions {
  readonly now: () => Promise<void>;
  readonly asOf: (at: number) => Promise<void>;
}

async function compare(stage: Stage, how: string, { now, asOf }: Questions): Promise<Compared[]> {
  await ask(stage, 'warm', now);
  await ask(stage, 'warm', asOf);
  const present = await ask(stage, `balance now, ${how}`, now);
  const past = await ask(stage, `balance as of, ${how}`, asOf);
  const times = rateOf(present) / rateOf(past);
  return [
    shown(present),
    {
      measured: past,
      ratio: `${fixed(times, 2)} × the time of now`,
      target: `< ${String(timesMax)} ×`,
      met: times < timesMax,
    },
  ];
}

async function ask(
  stage: Stage,
  name: string,
  question: (at: number) => Promise<void>,
): Promise<Measurement> {
  const timesMs: number[] = [];
  const watch = new Stopwatch({ postgresPid: stage.settings.BENCH_POSTGRES_PID });
  for (let at = 0; at < questions; at += 1) {
    const begun = performance.now();
    await question(at);
    timesMs.push(performance.now() - begun);
  }
  return watch.stop(name, questions, `p50 ${fixed(percentile(timesMs, 0.5), 2)} ms`);
}
