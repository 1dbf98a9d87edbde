import { readSettings } from '@app/config';
import { startService } from '@app/transport';
import { ledgerSettings } from './ledger-settings.ts';
import { LedgerModule } from './ledger.module.ts';

const settings = readSettings(ledgerSettings);

await startService({
  name: 'ledger',
  module: LedgerModule.forRoot(settings),
  httpPort: settings.LEDGER_HTTP_PORT,
  grpc: {
    url: settings.LEDGER_GRPC_URL,
    package: 'haoli.ledger.v1',
    protoFile: 'haoli/ledger/v1/ledger.proto',
  },
  title: 'Haoli ledger',
  description: 'The journal of all money: balances, holds, entries, trial balance, rebuild and audit.',
});
