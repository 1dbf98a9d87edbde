import { readSettings } from '@app/config';
import { benchSettings } from './bench-settings.ts';
import { measureBill } from './bill.ts';
import { measureNotifications } from './notifications.ts';
import { Stage } from './stage.ts';

const parts: Readonly<Record<string, (stage: Stage) => Promise<readonly string[]>>> = {
  notifications: measureNotifications,
  bill: measureBill,
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
  try {
    for (const name of names) {
      const lines = (await parts[name]?.(stage)) ?? [];
      console.log(`\n${name}\n${lines.map((line) => `  ${line}`).join('\n')}`);
    }
  } finally {
    await stage.close();
  }
}
