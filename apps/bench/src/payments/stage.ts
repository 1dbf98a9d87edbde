import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database, newId } from '@app/persistence';
import { IdentityProvider, ServiceTokens } from '@app/transport';
import { startIdentity } from '../identity.ts';
import type { BenchSettings } from './bench-settings.ts';
import { ServiceProcess } from '../service-process.ts';
import { WechatSandbox } from './wechat-sandbox.ts';

/** Calls payments over HTTP: a body posts, no body gets. */
export type Call = (path: string, body?: object) => Promise<unknown>;

/** Servers, payments, and a provider. */
export class Stage {
  readonly database: Database;
  readonly directory = mkdtempSync(join(tmpdir(), 'haoli-bench-payments-'));
  private readonly tokens: ServiceTokens;

  private constructor(
    readonly settings: BenchSettings,
    private readonly identity: { readonly issuer: string; close(): void },
  ) {
    this.database = new Database({ url: settings.BENCH_DATABASE_URL, applicationName: 'bench' });
    const client = { clientId: 'bench', clientSecret: 'bench' };
    this.tokens = new ServiceTokens(new IdentityProvider(identity.issuer), client);
  }

  static async open(settings: BenchSettings): Promise<Stage> {
    const stage = new Stage(settings, await startIdentity('payments:read payments:write'));
    // Makes the keys that payments and any provider of this run share.
    await (await WechatSandbox.start(stage.directory)).stop();
    return stage;
  }

  /** Runs `work` with the sandbox of WeChat Pay and payments, each a process of its own. */
  async withWechat<Result>(work: (of: { sandbox: string; ask: Call }) => Promise<Result>): Promise<Result> {
    const sandbox = await WechatSandbox.start(this.directory);
    try {
      return await this.withPayments(sandbox.url, ({ call }) => work({ sandbox: sandbox.url, ask: call }));
    } finally {
      await sandbox.stop();
    }
  }

  /** Runs `work` with payments, whose provider is at this address. */
  async withPayments<Result>(
    providerUrl: string,
    work: (of: { payments: ServiceProcess; call: Call }) => Promise<Result>,
  ): Promise<Result> {
    const payments = await ServiceProcess.start('payments', {
      PAYMENTS_DATABASE_URL: this.settings.BENCH_DATABASE_URL,
      KAFKA_BROKERS: this.settings.KAFKA_BROKERS,
      KAFKA_TOPIC_PREFIX: this.settings.KAFKA_TOPIC_PREFIX,
      ...{ KAFKA_PARTITIONS: '3', OIDC_ISSUER: this.identity.issuer },
      ...{ SERVICE_CLIENT_ID: 'bench', SERVICE_CLIENT_SECRET: 'bench' },
      ...{ WECHATPAY_BASE_URL: providerUrl, WECHATPAY_KEYS_DIR: this.directory },
      PAYMENTS_RECONCILE_INTERVAL_MS: '3600000',
      BANK_ACCOUNTS: JSON.stringify([bank]),
    });
    try {
      return await work({
        payments,
        call: (path, body = {}) => this.called(`${payments.httpUrl}${path}`, body),
      });
    } finally {
      await payments.stop();
    }
  }

  /** Orders that wait to be paid, one for each customer. */
  async orders(ask: Call, count: number): Promise<readonly string[]> {
    const numbers: string[] = [];
    for (let made = 0; made < count; made += 20) {
      const some = Array.from({ length: Math.min(20, count - made) }, () =>
        ask('/v1/top-ups', {
          customerId: newId('cus'),
          channel: 'wechat-pay',
          amount: '50',
          currency: 'CNY',
        }),
      );
      for (const order of await Promise.all(some)) numbers.push((order as { topUpId: string }).topUpId);
    }
    return numbers;
  }

  async close(): Promise<void> {
    await this.database.close();
    this.identity.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private async called(url: string, body: object): Promise<unknown> {
    const headers = {
      authorization: `Bearer ${await this.tokens.bearer()}`,
      'content-type': 'application/json',
      'idempotency-key': newId('key'),
    };
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    const told: unknown = await answer.json();
    if (!answer.ok) throw new Error(`${url}: ${String(answer.status)} ${JSON.stringify(told)}`);
    return told;
  }
}

const bank = {
  ...{ code: 'bank-bench', account: '6222020000000000001', accountName: 'Bench', bankName: 'Bench' },
  ...{ currency: 'CNY', settlementPayers: { 财付通支付科技有限公司: 'wechat-pay' } },
};
