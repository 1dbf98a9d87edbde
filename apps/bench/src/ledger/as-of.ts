import { LoadedJournal, loadedBook } from './loaded-journal.ts';
import { fixed, type Measurement, percentile, Stopwatch } from '../measure.ts';
import type { LedgerClient, Stage } from './stage.ts';
import { type Compared, shown } from '../table.ts';

const book = loadedBook(0);
const questions = 2_000;
const timesMax = 2;

/** The balance as of an instant in one book of a million entries, against the balance now: in SQL, and through the ledger's door. */
export async function measureAsOf(stage: Stage): Promise<Compared[]> {
  const calls = stage.settings.BENCH_ENTRIES;
  const loaded = await LoadedJournal.open(stage, { name: 'as_of', books: 1, calls, of: 'charges' });
  try {
    const { journal } = loaded;
    const length = await journal.versionOf(book);
    const size = length.toLocaleString('en');
    const instants: string[] = [];
    for (let part = 1; part <= 500; part += 1)
      instants.push(await journal.recordedAt(book, Math.floor((length * part) / 501) + 1));
    const inSql = await compare(stage, `in SQL, ${size} entries`, {
      now: () => journal.balanceNow(book),
      asOf: (at) => journal.balanceAsOf(book, instants[at % instants.length] ?? ''),
    });
    const through = await loaded.withLedger((ledger) =>
      stage.withClient(ledger, (client) => throughTheDoor(stage, client, instants)),
    );
    return [...inSql, ...through];
  } finally {
    await loaded.close();
  }
}

const throughTheDoor = (stage: Stage, client: LedgerClient, instants: readonly string[]) =>
  compare(stage, 'through gRPC', {
    now: async () => {
      await client.GetBalance({ customerId: book, asOf: '' });
    },
    asOf: async (at) => {
      await client.GetBalance({ customerId: book, asOf: instants[at % instants.length] ?? '' });
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
  const times = past.p50 / present.p50;
  return [
    shown(present.measured),
    {
      measured: past.measured,
      ratio: `${fixed(times, 2)} × the p50 of now`,
      target: `< ${String(timesMax)} ×`,
      met: times < timesMax,
    },
  ];
}

async function ask(
  stage: Stage,
  name: string,
  question: (at: number) => Promise<void>,
): Promise<{ readonly measured: Measurement; readonly p50: number }> {
  const timesMs: number[] = [];
  const watch = new Stopwatch({ postgresPid: stage.settings.BENCH_POSTGRES_PID });
  for (let at = 0; at < questions; at += 1) {
    const begun = performance.now();
    await question(at);
    timesMs.push(performance.now() - begun);
  }
  const p50 = percentile(timesMs, 0.5);
  return { measured: watch.stop(name, questions, `p50 ${fixed(p50, 2)} ms`), p50 };
}
