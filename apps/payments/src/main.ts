import { readSettings } from '@app/config';
import { startService } from '@app/transport';
import { paymentsSettings } from './payments-settings.ts';
import { PaymentsModule } from './payments.module.ts';

const settings = readSettings(paymentsSettings);

await startService({
  name: 'payments',
  module: PaymentsModule.forRoot(settings),
  httpPort: settings.PAYMENTS_HTTP_PORT,
  grpc: {
    url: settings.PAYMENTS_GRPC_URL,
    package: 'haoli.payments.v1',
    protoFile: 'haoli/payments/v1/payments.proto',
  },
  rawBody: true,
  title: 'Haoli payments',
  description: 'Top-ups and refunds, and the providers that move the money.',
});
