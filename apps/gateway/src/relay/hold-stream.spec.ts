import type { LedgerApi } from '@app/contracts';
import { closeGrpc, grpcClient, type ServiceTokens } from '@app/transport';
import {
  loadPackageDefinition,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServiceDefinition,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { afterEach, describe, expect, it } from '@jest/globals';
import { HoldStream } from './hold-stream.client.ts';

const protos = new URL('../../../../libs/contracts/proto/', import.meta.url).pathname;
const definition = loadSync('haoli/ledger/v1/ledger.proto', {
  includeDirs: [protos],
  oneofs: true,
  defaults: true,
});
type Call = ServerDuplexStream<LedgerApi.HoldCommand, Partial<LedgerApi.HoldAnswer>>;
type Loaded = Record<string, Record<string, Record<string, { Ledger: { service: ServiceDefinition } }>>>;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.forceShutdown();
});

/** A ledger that answers holds as `onCall` says. */
async function ledgerThat(onCall: (call: Call) => void): Promise<object> {
  const server = new Server();
  servers.push(server);
  const { haoli } = loadPackageDefinition(definition) as unknown as Loaded;
  const service = haoli?.['ledger']?.['v1']?.Ledger.service;
  if (service === undefined) throw new TypeError('The proto has no ledger.');
  server.addService(service, { Holds: onCall });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  return grpcClient<LedgerApi.Ledger>({
    protoFile: 'haoli/ledger/v1/ledger.proto',
    package: 'haoli.ledger.v1',
    service: 'Ledger',
    url: `127.0.0.1:${port}`,
    tokens: { metadata: () => Promise.resolve(new Metadata()) } as unknown as ServiceTokens,
  });
}

const leaseOf = (n: number) => ({ renewLease: { leaseId: `lease_${n}` } });
const answerTo = ({ commandId, renewLease }: LedgerApi.HoldCommand): LedgerApi.HoldAnswer => ({
  commandId,
  leaseRenewed: { leasedUntil: renewLease?.leaseId ?? '' },
});
const ten = Array.from({ length: 10 }, (_, n) => n);
const askAll = (stream: HoldStream) => Promise.all(ten.map((n) => stream.ask(leaseOf(n))));
const leases = (answers: readonly LedgerApi.HoldAnswer[]) =>
  answers.map(({ leaseRenewed }) => leaseRenewed?.leasedUntil);

describe('the stream of holds', () => {
  it('asks in one message what is asked at the same time, once the ledger says that it takes such', async () => {
    const messages: LedgerApi.HoldCommand[] = [];
    const ledger = await ledgerThat((call) => {
      const metadata = new Metadata();
      metadata.set('gathered', '1');
      call.sendMetadata(metadata);
      call.on('data', (message: LedgerApi.HoldCommand) => {
        messages.push(message);
        const { gathered } = message;
        if (gathered) call.write({ gathered: { answers: gathered.commands.map(answerTo).toReversed() } });
        else call.write(answerTo(message));
      });
      call.on('end', () => call.end());
    });
    const stream = new HoldStream(ledger, 5_000);
    await stream.ask(leaseOf(0));
    const answers = await askAll(stream);
    expect(leases(answers)).toEqual(ten.map((n) => `lease_${n}`));
    expect(messages.map(({ gathered }) => gathered?.commands.length)).toEqual([undefined, 10]);
    await stream.close();
    closeGrpc(ledger);
  });

  it('asks one by one where the ledger does not say so', async () => {
    const messages: LedgerApi.HoldCommand[] = [];
    const ledger = await ledgerThat((call) => {
      call.on('data', (message: LedgerApi.HoldCommand) => {
        messages.push(message);
        call.write(answerTo(message));
      });
      call.on('end', () => call.end());
    });
    const stream = new HoldStream(ledger, 5_000);
    await stream.ask(leaseOf(0));
    expect(leases(await askAll(stream))).toEqual(ten.map((n) => `lease_${n}`));
    expect(messages).toHaveLength(11);
    await stream.close();
    closeGrpc(ledger);
  });

  it('tells everybody who waits when the ledger goes, and asks it anew afterwards', async () => {
    let calls = 0;
    const ledger = await ledgerThat((call) => {
      calls += 1;
      call.on('data', (message: LedgerApi.HoldCommand) => {
        if (calls === 1) call.emit('error', Object.assign(new Error('gone'), { code: status.UNAVAILABLE }));
        else call.write(answerTo(message));
      });
      call.on('end', () => call.end());
    });
    const stream = new HoldStream(ledger, 5_000);
    const lost = await Promise.allSettled(ten.map((n) => stream.ask(leaseOf(n))));
    expect(lost.map(({ status }) => status)).toEqual(ten.map(() => 'rejected'));
    expect(leases([await stream.ask(leaseOf(3))])).toEqual(['lease_3']);
    await stream.close();
    closeGrpc(ledger);
  });
});
