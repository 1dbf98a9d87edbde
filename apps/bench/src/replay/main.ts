import { readSettings } from '@app/config';
import type { LedgerApi, MeteringApi } from '@app/contracts';
import { closeGrpc, grpcClient, IdentityProvider, ServiceTokens } from '@app/transport';
import { ReplayFailed } from './patience.ts';
import { PlatformClient } from './platform.client.ts';
import { replay, type ReplayResult, type Stage } from './replay.ts';
import { replaySettings } from './replay-settings.ts';
import { readTrace, UnusableTrace } from './trace.ts';
import { readTraceFile } from './trace-file.ts';

const settings = readSettings(replaySettings);
const identity = new IdentityProvider(settings.OIDC_ISSUER);
const operator = new ServiceTokens(identity, {
  clientId: settings.OPERATOR_CLIENT_ID,
  clientSecret: settings.OPERATOR_CLIENT_SECRET,
});
const internalService = new ServiceTokens(identity, {
  clientId: settings.INTERNAL_SERVICE_CLIENT_ID,
  clientSecret: settings.INTERNAL_SERVICE_CLIENT_SECRET,
});
const stage: Stage = {
  platform: new PlatformClient(settings, operator),
  metering: grpcClient<MeteringApi.Metering>({
    protoFile: 'haoli/metering/v1/metering.proto',
    package: 'haoli.metering.v1',
    service: 'Metering',
    url: settings.METERING_GRPC_URL,
    tokens: internalService,
  }),
  ledger: grpcClient<LedgerApi.Ledger>({
    protoFile: 'haoli/ledger/v1/ledger.proto',
    package: 'haoli.ledger.v1',
    service: 'Ledger',
    url: settings.LEDGER_GRPC_URL,
    tokens: operator,
  }),
  customers: settings.REPLAY_CUSTOMERS,
};

process.exitCode = await run(process.argv[2]);
closeGrpc(stage.metering);
closeGrpc(stage.ledger);

async function run(wanted: string | undefined): Promise<number> {
  try {
    const file = readTraceFile(wanted);
    if (file.isSample && wanted !== undefined)
      console.log(`${wanted} is not there: the sample that ships with the project is used.`);
    const trace = readTrace(file.bytes);
    console.log(
      `Replay of ${file.path}: ${trace.calls.length.toLocaleString('en')} calls, SHA-256 ${trace.sha256.slice(0, 16)}…`,
    );
    return report(await replay(trace, stage));
  } catch (error) {
    const isTold = error instanceof ReplayFailed || error instanceof UnusableTrace;
    console.error(isTold ? error.message : error);
    return 1;
  }
}

function report(result: ReplayResult): number {
  const { calls, ledgerTotal, independentTotal, uncollected, waiting } = result;
  const isExact = ledgerTotal === independentTotal && uncollected === '0' && waiting === 0;
  const rate = (ms: number) => Math.round((calls * 1_000) / ms).toLocaleString('en');
  console.log(`
  the ledger posted        ¥${ledgerTotal}
  the sum without it       ¥${independentTotal}
  uncollected              ¥${uncollected}
  waiting for money        ${waiting.toString()}`);
  if (result.changed) {
    console.log(`  recorded                 ${rate(result.acknowledgedMs)} calls/s
  recorded to posted       ${rate(result.postedMs)} calls/s, all the way through Kafka, rating and ledger`);
  } else console.log('  This file was replayed before: nothing changed.');
  console.log(isExact ? '\n  Equal, to the last digit.\n' : '\n  NOT equal.\n');
  return isExact ? 0 : 1;
}
