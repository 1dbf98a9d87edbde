import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { readSettings } from '@app/config';
import { simulate } from './simulation.ts';
import { Asked, simulationSettings } from './simulation-settings.ts';
import { Stage } from './stage.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { steps: text, seed: text, customers: text, between: text } });
const { seed = randomInt(2 ** 31), ...asked } = Asked.parse(values);
const wanted = { ...asked, seed };
const settings = readSettings(simulationSettings);

console.log(`npm run simulate:payments -- --steps ${String(wanted.steps)} --seed ${String(seed)}`);
const stage = await Stage.open({
  databaseUrl: new URL(settings.BENCH_DATABASE_URL).href.replace(/\/[^/]*$/, ''),
  kafkaBrokers: settings.KAFKA_BROKERS,
  prefix: settings.SIMULATION_PREFIX,
});
try {
  const { broken, history } = await simulate(stage, wanted, (line) => {
    console.log(line);
  });
  for (const { step, text: deed, customerId = '' } of history)
    console.log(`  #${String(step)} ${customerId} ${deed}`);
  for (const { rule, detail, customerId = '' } of broken)
    console.log(`BROKEN ${rule}: ${detail} ${customerId}`);
  console.log(
    broken.length === 0 ? `Every rule holds (seed ${String(seed)}).` : `Broken, seed ${String(seed)}.`,
  );
  process.exitCode = broken.length === 0 ? 0 : 1;
} finally {
  await stage.close();
}
