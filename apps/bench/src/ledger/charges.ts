import type { WireEvent } from '@app/contracts';
import { usageRated } from './bench-events.ts';
import { HoldStream } from './hold-stream.ts';
import { fixed, type Measurement, rateOf, Stopwatch } from '../measure.ts';
import type { Stage } from './stage.ts';
import { type Compared, shown } from '../table.ts';

const shareMin = 0.75;
const microsMax = 40;
const holdsAtOnce = 500;

/** Kafka to posted charges, each settling its hold, against four bare rows: many customers, and one. */
export async function measureCharges(stage: Stage): Promise<Compared[]> {
  const { BENCH_CHARGES: count, BENCH_CUSTOMERS: customers } = stage.settings;
  const bareBefore = await measureBare(stage, count);
  const many = await measurePosting(
    stage,
    `charges of ${customers.toLocaleString('en')} customers`,
    customers,
  );
  const hot = await measurePosting(stage, 'charges of one hot customer', 1);
  const published = await measurePosting(
    stage,
    'the same, journal published meanwhile',
    customers,
    'published',
  );
  const bareAfter = await measureBare(stage, count);
  const bare = together(bareBefore, bareAfter);
  return [
    shown(bare),
    judged(many, bare),
    {
      ...shown(hot, `${percent(rateOf(hot) / rateOf(many))} of many`),
      target: '≥ 100 % of many',
      met: rateOf(hot) >= rateOf(many),
    },
    shown(published, shareOf(published, bare)),
  ];
}

function judged(measured: Measurement, bare: Measurement): Compared {
  const micros = measured.nodeMicros + measured.postgresMicros;
  return {
    measured,
    ratio: `${shareOf(measured, bare)}, ${fixed(micros, 1)} µs`,
    target: `≥ ${percent(shareMin)}, ≤ ${String(microsMax)} µs`,
    met: rateOf(measured) >= shareMin * rateOf(bare) && micros <= microsMax,
  };
}

const shareOf = (measured: Measurement, bare: Measurement): string =>
  `${percent(rateOf(measured) / rateOf(bare))} of bare rows`;

const percent = (share: number): string => `${fixed(share * 100, 0)} %`;

async function measureBare(stage: Stage, count: number): Promise<Measurement> {
  await stage.bare.insert(Math.ceil(count / 2));
  const watch = new Stopwatch({ postgresPid: stage.settings.BENCH_POSTGRES_PID });
  await stage.bare.insert(count);
  return watch.stop('four bare rows, 1,000 entries a statement', count);
}

/** The baseline is measured before and after, because a machine does not stay the same. */
function together(first: Measurement, second: Measurement): Measurement {
  const operations = first.operations + second.operations;
  const mean = (left: number, right: number) => (left + right) / 2;
  return {
    ...first,
    operations,
    seconds: first.seconds + second.seconds,
    nodeMicros: mean(first.nodeMicros, second.nodeMicros),
    postgresMicros: mean(first.postgresMicros, second.postgresMicros),
    remark: `${Math.round(rateOf(first)).toLocaleString('en')}/s before, ${Math.round(rateOf(second)).toLocaleString('en')}/s after`,
  };
}

/** Places holds, publishes the charges that settle them while no ledger runs, then lets one work them off. */
async function measurePosting(
  stage: Stage,
  name: string,
  customers: number,
  journal: 'published' | 'kept' = 'kept',
): Promise<Measurement> {
  const { BENCH_CHARGES: count } = stage.settings;
  const warm = Math.ceil(count / 2);
  const charges = await placeHolds(stage, warm + count, customers);
  await stage.publish('metering.rated.v1', charges);
  await stage.journal.settle();
  const before = await stage.journal.entries();
  const run = () =>
    stage.withLedger(async (ledger) => {
      const from = await stage.until(before + warm);
      const watch = new Stopwatch({ postgresPid: stage.settings.BENCH_POSTGRES_PID, nodePid: ledger.pid });
      const to = await stage.until(before + warm + count);
      return watch.stop(name, to - from);
    });
  return journal === 'published' ? run() : stage.journal.withoutPublishing(run);
}

/** Places a hold for each charge to come, and gives the charges. */
function placeHolds(stage: Stage, count: number, customers: number): Promise<WireEvent[]> {
  return stage.withLedger((ledger) =>
    stage.withClient(ledger, async (client) => {
      const holds = await HoldStream.open(client);
      const charges: WireEvent[] = [];
      for (let placed = 0; placed < count; placed += holdsAtOnce) {
        const size = Math.min(holdsAtOnce, count - placed);
        const round = Array.from({ length: size }, () => placeOne(stage, holds, customers));
        charges.push(...(await Promise.all(round)));
      }
      holds.close();
      return charges;
    }),
  );
}

async function placeOne(stage: Stage, holds: HoldStream, customers: number): Promise<WireEvent> {
  const customer = stage.customerOf(customers);
  const callId = stage.nextCall();
  const holdId = callId.replace('call', 'hold');
  await holds.place({ customerId: customer, callId, holdId });
  return usageRated(customer, callId, holdId);
}
