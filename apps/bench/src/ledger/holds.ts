import { type BenchHold, holdRequest, HoldStream } from './hold-stream.ts';
import { fixed, type Measurement, percentile, rateOf, Stopwatch } from '../measure.ts';
import type { ServiceProcess } from '../service-process.ts';
import type { LedgerClient, Stage } from './stage.ts';
import { type Compared, shown } from '../table.ts';

const callers = 64;
const streamRateMin = 12_000;
const tailMax = 4;
const unaryShareMin = 3;

type Place = (hold: BenchHold) => Promise<void>;

/**
 * Holds by 64 callers: one transaction each behind the same door, unary, and on one stream; then the stream once more while the
 * journal is published, which the other does not do.
 */
export async function measureHolds(stage: Stage): Promise<Compared[]> {
  const alone = await stage.withLedger(
    (other) =>
      stage.withClient(other, (client) =>
        hammer(stage, { name: 'one transaction a hold, unary', ledger: other, place: unaryPlace(client) }),
      ),
    'one by one',
  );
  const { unary, streamed } = await stage.journal.withoutPublishing(() =>
    stage.withLedger((ledger) =>
      stage.withClient(ledger, async (client) => ({
        unary: await hammer(stage, { name: 'holds, unary', ledger, place: unaryPlace(client) }),
        streamed: await hammerStream(stage, { name: 'holds, on the stream', ledger, client }),
      })),
    ),
  );
  await stage.journal.markPublished();
  const published = await stage.withLedger((ledger) =>
    stage.withClient(ledger, (client) =>
      hammerStream(stage, { name: 'the same, journal published meanwhile', ledger, client }),
    ),
  );
  return [
    shown(alone.measured, alone.times),
    unaryAgainst(unary, alone),
    streamJudged(streamed),
    shown(published.measured, published.times),
  ];
}

async function hammerStream(
  stage: Stage,
  {
    name,
    ledger,
    client,
  }: { readonly name: string; readonly ledger: ServiceProcess; readonly client: LedgerClient },
): Promise<Hammered> {
  const stream = await HoldStream.open(client);
  const hammered = await hammer(stage, { name, ledger, place: (hold) => stream.place(hold) });
  stream.close();
  return hammered;
}

const unaryPlace =
  (client: LedgerClient): Place =>
  async (hold) => {
    const { hold: placed, refusal } = await client.PlaceHold(holdRequest(hold), { timeoutMs: 30_000 });
    if (placed === undefined) throw new Error(`No hold: ${JSON.stringify(refusal)}`);
  };

interface Hammered {
  readonly measured: Measurement;
  readonly times: string;
  readonly tail: number;
}

function unaryAgainst({ measured, times }: Hammered, alone: Hammered): Compared {
  const share = rateOf(measured) / rateOf(alone.measured);
  return {
    measured,
    ratio: `${fixed(share, 1)} × one transaction a hold; ${times}`,
    target: `≥ ${String(unaryShareMin)} ×`,
    met: share >= unaryShareMin,
  };
}

const streamJudged = ({ measured, times, tail }: Hammered): Compared => ({
  measured,
  ratio: times,
  target: `≥ ${streamRateMin.toLocaleString('en')}/s, p99 ≤ ${String(tailMax)} × p50`,
  met: rateOf(measured) >= streamRateMin && tail <= tailMax,
});

/** So many callers, each of which asks again when it is answered. */
async function hammer(
  stage: Stage,
  { name, ledger, place }: { readonly name: string; readonly ledger: ServiceProcess; readonly place: Place },
): Promise<Hammered> {
  const { BENCH_HOLD_SECONDS: seconds, BENCH_POSTGRES_PID: postgresPid } = stage.settings;
  await during(stage, (seconds * 1_000) / 2, place);
  const watch = new Stopwatch({ postgresPid, nodePid: ledger.pid });
  const timesMs = await during(stage, seconds * 1_000, place);
  const [p50, p99] = [percentile(timesMs, 0.5), percentile(timesMs, 0.99)];
  return {
    measured: watch.stop(name, timesMs.length),
    times: `p50 ${fixed(p50, 1)} ms, p99 ${fixed(p99, 1)} ms`,
    tail: p99 / p50,
  };
}

async function during(stage: Stage, ms: number, place: Place): Promise<number[]> {
  const timesMs: number[] = [];
  const until = performance.now() + ms;
  const call = async (): Promise<void> => {
    while (performance.now() < until) {
      const begun = performance.now();
      const customerId = stage.customerOf(stage.settings.BENCH_CUSTOMERS);
      const callId = stage.nextCall();
      await place({ customerId, callId, holdId: callId.replace('call', 'hold') });
      timesMs.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  return timesMs;
}
