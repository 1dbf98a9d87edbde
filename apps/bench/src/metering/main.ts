import { readSettings } from '@app/config';
import { type Compared, tableText } from '../table.ts';
import { benchSettings } from './bench-settings.ts';
import { measureRating } from './rating.ts';
import { measureReads } from './reads.ts';
import { Stage } from './stage.ts';

const parts: Readonly<Record<string, (stage: Stage) => Promise<Compared[]>>> = {
  rating: measureRating,
  reads: measureReads,
};

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !(name in parts));
if (unknown === undefined) await run(asked.length === 0 ? Object.keys(parts) : asked);
else {
  console.error(`There is no benchmark ${unknown}; there are ${Object.keys(parts).join(', ')}.`);
  process.exitCode = 2;
}

async function run(names: readonly string[]): Promise<void> {
  const stage = await Stage.open(readSettings(benchSettings));
  const lines: Compared[] = [];
  try {
    for (const name of names) {
      const measured = (await parts[name]?.(stage)) ?? [];
      console.log(`\n${name}\n${tableText(measured)}`);
      lines.push(...measured);
    }
  } finally {
    await stage.close();
  }
  const judged = lines.filter(({ met }) => met !== undefined);
  console.log(`\n${String(judged.filter(({ met }) => met).length)} of ${String(judged.length)} targets met`);
}
