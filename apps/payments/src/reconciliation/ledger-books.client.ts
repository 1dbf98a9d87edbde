import type { LedgerApi } from '@app/contracts';
import { Money } from '@app/money';
import { closeGrpc, type GrpcApi, grpcClient, type ServiceTokens } from '@app/transport';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

/** What the ledger's books say. A port: an installation without the ledger's address compares bills all the same. */
export abstract class Books {
  /** The balance of a channel's clearing account at the end of an accounting day, as text; undefined where nobody can be asked. */
  abstract clearingOf(channel: string, currency: string, day: string): Promise<string | undefined>;
}

/** Nobody to ask. */
export class NoBooks extends Books {
  clearingOf(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}

/** The ledger over gRPC, with this service's own token. */
@Injectable()
export class LedgerBooks extends Books implements OnApplicationShutdown {
  private readonly ledger: GrpcApi<LedgerApi.Ledger>;

  constructor(url: string, tokens: ServiceTokens) {
    super();
    this.ledger = grpcClient<LedgerApi.Ledger>({
      ...{ protoFile: 'haoli/ledger/v1/ledger.proto', package: 'haoli.ledger.v1', service: 'Ledger' },
      ...{ url, tokens },
    });
  }

  async clearingOf(channel: string, currency: string, day: string): Promise<string> {
    const { lines } = await this.ledger.GetTrialBalance({ asOf: day, asKnownAt: '' });
    const line = lines.find((one) => one.account === `clearing:${channel}` && one.currency === currency);
    return Money.of(line?.debit ?? '0', currency)
      .minus(Money.of(line?.credit ?? '0', currency))
      .toText();
  }

  onApplicationShutdown(): void {
    closeGrpc(this.ledger);
  }
}
