import { CallFinished, encodeEvent, type WireEvent } from '@app/contracts';
import { setTimeout as pause } from 'node:timers/promises';
import { fixed, type Measurement, rateOf, Stopwatch } from '../measure.ts';
import { type Compared, shown } from '../table.ts';
import { BareCopies } from './bare-copies.store.ts';
import type { Stage } from './stage.ts';

const shareMin = 0.6;
const publishedAtOnce = 2_000;
const patienceMs = 900_000;
const startedAt = Date.parse('2026-11-01T00:00:00Z');

/** Kafka in to rated out, with the call's line, the roll-ups, the inbox and the outbox, against the same rows bare. */
export async function measureRating(stage: Stage): Promise<Compared[]> {
  const { BENCH_RATED: count, BENCH_CUSTOMERS: customers, BENCH_POSTGRES_PID: postgresPid } = stage.settings;
  const priceVersionId = await stage.withMetering(() => stage.priceVersionOf('gpt-5.5'));
  const warm = Math.ceil(count / 2);
  const events = Array.from({ length: warm + count }, (_none, at) =>
    finished(at, { customers, priceVersionId }),
  );
  for (let from = 0; from < events.length; from += publishedAtOnce) {
    await stage.publish('gateway.calls.v1', events.slice(from, from + publishedAtOnce));
  }
  const rated = await stage.withMetering(async ({ pid }) => {
    const begun = await until(stage, warm);
    const watch = new Stopwatch({ postgresPid, nodePid: pid });
    const done = await until(stage, warm + count);
    return watch.stop(`calls of ${String(customers)} customers, Kafka in to rated out`, done - begun);
  });
  const copies = new BareCopies(stage.database);
  await copies.copy();
  await copies.insert();
  const watch = new Stopwatch({ postgresPid });
  await copies.insert();
  const bare = watch.stop(
    `the same ${fixed(copies.rowsPerCall, 1)} rows a call, bare, 1,000 calls at once`,
    copies.calls,
  );
  return [shown(bare), judged(rated, bare)];
}

function judged(measured: Measurement, bare: Measurement): Compared {
  const share = rateOf(measured) / rateOf(bare);
  return {
    measured,
    ratio: `${fixed(share * 100, 0)} % of bare rows`,
    target: `≥ ${fixed(shareMin * 100, 0)} %`,
    met: share >= shareMin,
  };
}

/** Waits until so many calls are rated and their charges are on the broker; gives how many are. */
async function until(stage: Stage, calls: number): Promise<number> {
  const begun = performance.now();
  for (;;) {
    // To count is work for PostgreSQL that is not to be measured: it is done when there may be enough.
    const rated = (await stage.place()) >= calls ? await stage.told() : 0;
    if (rated >= calls) return rated;
    if (performance.now() - begun > patienceMs) throw new Error(`${String(calls)} calls were not rated.`);
    await pause(50);
  }
}

/** A call that a customer has made, as the gateway tells of its end: with the provider's own report. */
function finished(
  at: number,
  { customers, priceVersionId }: { readonly customers: number; readonly priceVersionId: string },
): WireEvent {
  const callId = `call_${String(at).padStart(26, '0')}`;
  const customerId = `cus_bench${String(at % customers).padStart(6, '0')}`;
  const admittedAt = new Date(startedAt + at * 250).toISOString();
  const { sample } = CallFinished;
  return encodeEvent('gateway.calls.v1', {
    ...sample,
    id: `${callId}:finished`,
    subject: customerId,
    time: admittedAt,
    data: {
      ...sample.data,
      ...{
        callId,
        customerId,
        priceVersionId,
        admittedAt,
        finishedAt: admittedAt,
        holdId: `hold_${String(at)}`,
      },
    },
  });
}
