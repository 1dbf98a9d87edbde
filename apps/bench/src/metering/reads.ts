import { fixed, type Measurement, percentile } from '../measure.ts';
import { type Compared } from '../table.ts';
import { fillCalls, readCustomer, readFrom } from './filled-calls.store.ts';
import type { ServiceProcess } from '../service-process.ts';
import type { Stage } from './stage.ts';

const times = 30;
const usageMsMax = 50;
const pageMsMax = 20;

interface Read {
  readonly name: string;
  readonly path: string;
  readonly msMax: number;
}

const days = `customerId=${readCustomer}&from=${readFrom}&to=2026-10-30`;
const byDay = `/v1/usage?${days}&bucketWidth=1d&pageSize=90`;

/** Reads of a customer with very many calls, at the door, as the one who asks waits for them. */
export async function measureReads(stage: Stage): Promise<Compared[]> {
  const { BENCH_CALLS: calls } = stage.settings;
  await stage.withMetering(() => Promise.resolve()); // It migrates the database.
  await fillCalls(stage.database, calls);
  return stage.withMetering(async (metering) => {
    const reads: Read[] = [
      { name: 'usage by day of 90 days', path: byDay, msMax: usageMsMax },
      { name: 'the same by model and key', path: `${byDay}&groupBy=model,api_key`, msMax: usageMsMax },
      { name: 'the same in a half-hour zone', path: `${byDay}&timeZone=Asia/Kolkata`, msMax: usageMsMax },
      { name: 'a page of 50 calls, the newest', path: pagePath(''), msMax: pageMsMax },
      { name: 'a page of one model, the newest', path: `${pagePath('')}&model=gpt-5.5-2`, msMax: pageMsMax },
    ];
    for (const depth of [0.5, 0.999]) {
      const at = await stage.database.query<{ occurred_at: string; call_id: string }>(
        `SELECT occurred_at, call_id FROM call WHERE customer_id = $1 AND call_id = $2`,
        [readCustomer, `call_${String(Math.floor(calls * (1 - depth))).padStart(12, '0')}`],
      );
      const name = `a page ${fixed(depth * 100, 1)} % deep`;
      reads.push({ name, path: pagePath(cursorOf(at[0])), msMax: pageMsMax });
    }
    const compared: Compared[] = [];
    for (const read of reads) compared.push(await measureRead(stage, metering, read));
    return compared;
  });
}

const pagePath = (cursor: string): string =>
  `/v1/usage/calls?customerId=${readCustomer}&pageSize=50${cursor === '' ? '' : `&cursor=${cursor}`}`;

const cursorOf = (place: { occurred_at: string; call_id: string } | undefined): string =>
  Buffer.from(`${place?.occurred_at ?? ''} ${place?.call_id ?? ''}`).toString('base64url');

async function measureRead(
  stage: Stage,
  metering: ServiceProcess,
  { name, path, msMax }: Read,
): Promise<Compared> {
  const ms: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const begun = performance.now();
    await stage.read(metering, path);
    ms.push(performance.now() - begun);
  }
  const median = percentile(ms, 0.5);
  const measured: Measurement = {
    ...{ name, operations: times, seconds: ms.reduce((sum, one) => sum + one, 0) / 1_000 },
    ...{ nodeMicros: Number.NaN, postgresMicros: Number.NaN },
    remark: `median ${fixed(median, 1)} ms, 90 % within ${fixed(percentile(ms, 0.9), 1)} ms`,
  };
  return { measured, ratio: '', target: `< ${String(msMax)} ms`, met: median < msMax };
}
