import type { LedgerApi, MeteringApi } from '@app/contracts';
import type { GrpcApi } from '@app/transport';
import { LedgerTally } from './ledger-tally.ts';
import { forEach, pause, ReplayFailed } from './patience.ts';
import type { PlatformClient } from './platform.client.ts';
import { Progress } from './progress.ts';
import { customerIndexOf, fundsFor, independentSum, sumText, type Trace } from './trace.ts';
import { type OwnedCall, uploadCalls } from './upload.client.ts';

/** What a replay speaks to. */
export interface Stage {
  readonly platform: PlatformClient;
  readonly metering: GrpcApi<MeteringApi.Metering>;
  readonly ledger: GrpcApi<LedgerApi.Ledger>;
  readonly customers: number;
}

/** What a replay came to. */
export interface ReplayResult {
  readonly calls: number;
  /** What the ledger posted, and the sum that was made without it. */
  readonly ledgerTotal: string;
  readonly independentTotal: string;
  readonly uncollected: string;
  readonly waiting: number;
  /** False where every call was posted before and no book has changed. */
  readonly changed: boolean;
  /** From the first call sent until all were acknowledged, and until the ledger had posted all. */
  readonly acknowledgedMs: number;
  readonly postedMs: number;
}

const requestsAtOnce = 8;
const pollMs = 300;
/** The ledger must post something in that time, or the replay gives up waiting. */
const stillMsMax = 180_000;

/** Sends a trace through the whole platform and adds up what the ledger made of it. */
export async function replay(trace: Trace, stage: Stage): Promise<ReplayResult> {
  const calls = await cast(trace, stage);
  const tally = new LedgerTally(stage.ledger, [...new Set(calls.map(({ customerId }) => customerId))]);
  await tally.read();
  await fund(trace, { stage, calls, tally });
  await tally.read();
  const before = tally.entries;
  const begun = performance.now();
  const sending = new Progress('calls recorded', calls.length);
  const { recorded, duplicates } = await uploadCalls(stage.metering, {
    trace,
    calls,
    sent: (count) => {
      sending.show(count);
    },
  });
  const acknowledgedMs = performance.now() - begun;
  sending.end(`${recorded.toLocaleString('en')} new, ${duplicates.toLocaleString('en')} known before`);
  await untilPosted(tally, calls.length);
  return {
    calls: calls.length,
    ledgerTotal: tally.total,
    independentTotal: sumText(independentSum(trace.calls)),
    uncollected: tally.uncollected,
    waiting: tally.waiting,
    changed: recorded > 0 || tally.entries !== before,
    acknowledgedMs,
    postedMs: performance.now() - begun,
  };
}

/** Publishes the price, creates the customers, and says whose each call is. */
async function cast(trace: Trace, { platform, customers }: Stage): Promise<readonly OwnedCall[]> {
  await platform.publishPrice();
  const owners = trace.calls.map((call) => customerIndexOf(trace, call, customers));
  const indexes = [...new Set(owners)].sort((a, b) => a - b);
  const creating = new Progress('customers', indexes.length);
  let created = 0;
  const name = `replay:${trace.sha256.slice(0, 16)}`;
  const ids = await forEach(indexes, requestsAtOnce, async (index) => {
    const id = await platform.customer(
      `${name} ${index.toString()}`,
      `${name}:${customers.toString()}:${index.toString()}`,
    );
    creating.show((created += 1));
    return id;
  });
  creating.end();
  const idOf = new Map(indexes.map((index, position) => [index, ids[position] ?? '']));
  return trace.calls.map((call, position) => ({ call, customerId: idOf.get(owners[position] ?? -1) ?? '' }));
}

interface Funding {
  readonly stage: Stage;
  readonly calls: readonly OwnedCall[];
  readonly tally: LedgerTally;
}

/** Tops up the wallets that were never topped up, each with what its calls will cost and a little more. */
async function fund(trace: Trace, { stage, calls, tally }: Funding): Promise<void> {
  const owned = new Map<string, OwnedCall[]>();
  for (const one of calls) owned.set(one.customerId, [...(owned.get(one.customerId) ?? []), one]);
  const poor = [...owned].filter(([customerId]) => !tally.isFunded(customerId));
  if (poor.length === 0) return;
  const funding = new Progress('wallets topped up', poor.length);
  let funded = 0;
  await forEach(poor, requestsAtOnce, async ([customerId, theirs]) => {
    const key = `replay:${trace.sha256.slice(0, 16)}`;
    await stage.platform.topUp(customerId, fundsFor(theirs.map(({ call }) => call)), key);
    funding.show((funded += 1));
  });
  funding.end();
  await untilCredited(
    tally,
    poor.map(([customerId]) => customerId),
  );
}

/** A call must find the money there, so the replay begins only when the ledger has it. */
async function untilCredited(tally: LedgerTally, customerIds: readonly string[]): Promise<void> {
  const deadline = performance.now() + stillMsMax;
  while (!customerIds.every((id) => tally.isFunded(id))) {
    if (performance.now() > deadline) throw new ReplayFailed('The ledger did not record every top-up.');
    await pause(pollMs);
    await tally.read();
  }
}

async function untilPosted(tally: LedgerTally, calls: number): Promise<void> {
  const posting = new Progress('charges posted', calls);
  let [last, lastMs] = [tally.charges, performance.now()];
  for (;;) {
    await tally.read();
    posting.show(tally.charges);
    if (tally.charges + tally.waiting >= calls) break;
    if (tally.charges > last) [last, lastMs] = [tally.charges, performance.now()];
    if (performance.now() - lastMs > stillMsMax) {
      throw new ReplayFailed(
        `The ledger stopped at ${tally.charges.toString()} of ${calls.toString()} charges.`,
      );
    }
    await pause(pollMs);
  }
  posting.end();
}
