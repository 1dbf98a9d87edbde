import { readSettings } from '@app/config';
import { ServiceProcess } from '../service-process.ts';
import { type Compared, tableText } from '../table.ts';
import { benchSettings } from './bench-settings.ts';
import { measureLatency } from './latency.ts';
import { Stage } from './stage.ts';
import { measureStreams } from './streams.ts';
import { measureThroughput } from './throughput.ts';

const parts: Readonly<Record<string, (stage: Stage) => Promise<Compared[]>>> = {
  throughput: measureThroughput,
  latency: measureLatency,
  streams: measureStreams,
};

// Whoever interrupts the benchmark ends the services that it has started, too.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    void ServiceProcess.stopAll().then(() => process.exit(130));
  });

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !(name in parts));
if (unknown === undefined) await run(asked.length === 0 ? Object.keys(parts) : asked);
else {
  console.error(`There is no benchmark ${unknown}; there are ${Object.keys(parts).join(', ')}.`);
  process.exitCode = 2;
}

async function run(names: readonly string[]): Promise<void> {
  const lines: Compared[] = [];
  try {
    const stage = await Stage.open(readSettings(benchSettings));
    for (const name of names) {
      const measured = (await parts[name]?.(stage)) ?? [];
      console.log(`\n${name}\n${tableText(measured)}`);
      lines.push(...measured);
    }
    await stage.close();
  } finally {
    await ServiceProcess.stopAll();
  }
  const judged = lines.filter(({ met }) => met !== undefined);
  console.log(`\n${String(judged.filter(({ met }) => met).length)} of ${String(judged.length)} targets met`);
}
