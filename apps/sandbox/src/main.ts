import { readSettings } from '@app/config';
import { startLog } from '@app/observability';
import { SandboxSettings } from './sandbox-settings.ts';
import { startSandboxes, stopSandboxes } from './sandboxes.ts';

const log = startLog('sandbox');
const sandboxes = await startSandboxes(readSettings(SandboxSettings));
for (const { name, url } of sandboxes) log.info({ url }, `The sandbox of the ${name} answers`);

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void stopSandboxes(sandboxes).then(() => process.exit(0)));
}
