import type { LedgerApi, MeteringApi, PaymentsApi } from '@app/contracts';
import { closeGrpc, type GrpcApi, grpcClient, type ServiceTokens } from '@app/transport';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

/** Where the other services are. */
export interface PeerAddresses {
  readonly ledger: string;
  readonly metering: string;
  readonly payments: string;
}

/** The other services over gRPC, each asked with this service's own token. */
@Injectable()
export class Peers implements OnApplicationShutdown {
  readonly ledger: GrpcApi<LedgerApi.Ledger>;
  readonly metering: GrpcApi<MeteringApi.Metering>;
  readonly payments: GrpcApi<PaymentsApi.Payments>;

  constructor(addresses: PeerAddresses, tokens: ServiceTokens) {
    const peer = (name: 'ledger' | 'metering' | 'payments', service: string) => ({
      protoFile: `haoli/${name}/v1/${name}.proto`,
      package: `haoli.${name}.v1`,
      service,
      url: addresses[name],
      tokens,
    });
    this.ledger = grpcClient<LedgerApi.Ledger>(peer('ledger', 'Ledger'));
    this.metering = grpcClient<MeteringApi.Metering>(peer('metering', 'Metering'));
    this.payments = grpcClient<PaymentsApi.Payments>(peer('payments', 'Payments'));
  }

  onApplicationShutdown(): void {
    for (const api of [this.ledger, this.metering, this.payments]) closeGrpc(api);
  }
}
