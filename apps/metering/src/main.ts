import { readSettings } from '@app/config';
import { startService } from '@app/transport';
import { meteringSettings } from './metering-settings.ts';
import { MeteringModule } from './metering.module.ts';

const settings = readSettings(meteringSettings);

await startService({
  name: 'metering',
  module: MeteringModule.forRoot(settings),
  httpPort: settings.METERING_HTTP_PORT,
  grpc: {
    url: settings.METERING_GRPC_URL,
    package: 'haoli.metering.v1',
    protoFile: 'haoli/metering/v1/metering.proto',
  },
  title: 'Haoli metering',
  description: 'Usage intake, prices, rating, and what customers see of their calls.',
});
