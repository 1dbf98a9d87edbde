import { readSettings } from '@app/config';
import { Database } from '@app/persistence';
import { ledgerSettings } from './ledger-settings.ts';
import { RebuildHandler } from './reports/rebuild.handler.ts';

/** Rebuilds beside the running service and prints the report as JSON; ends with 1 where the figures do not agree. */
const settings = readSettings(ledgerSettings.pick({ LEDGER_DATABASE_URL: true }));
const database = new Database({ url: settings.LEDGER_DATABASE_URL, applicationName: 'ledger rebuild' });
const report = await new RebuildHandler(database).handle();
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
await database.close();
process.exitCode = report.agrees ? 0 : 1;
