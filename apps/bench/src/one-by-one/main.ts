import { DatabaseUrlSetting, HostPortSetting, PortSetting, readSettings } from '@app/config';
import { startService } from '@app/transport';
import { Module } from '@nestjs/common';
import { z } from 'zod';
import { BareTables } from '../ledger/bare-tables.store.ts';
import { OneByOneGrpc } from './holds.grpc.ts';

/** The baseline of unary holds: the same gRPC door, token check and transport, and one transaction a hold. */
const settings = readSettings(
  z.object({
    BENCH_DATABASE_URL: DatabaseUrlSetting,
    LEDGER_HTTP_PORT: PortSetting,
    LEDGER_GRPC_URL: HostPortSetting,
  }),
);

@Module({
  controllers: [OneByOneGrpc],
  providers: [{ provide: BareTables, useFactory: () => new BareTables(settings.BENCH_DATABASE_URL) }],
})
class OneByOneModule {}

await startService({
  name: 'one-by-one',
  module: OneByOneModule,
  httpPort: settings.LEDGER_HTTP_PORT,
  grpc: {
    url: settings.LEDGER_GRPC_URL,
    package: 'haoli.ledger.v1',
    protoFile: 'haoli/ledger/v1/ledger.proto',
  },
  title: 'One by one',
  description: 'A hold is a transaction of its own: what the ledger is compared with.',
});
