import { readSettings } from '@app/config';
import type { LedgerApi } from '@app/contracts';
import { closeGrpc, grpcClient, IdentityProvider, ServiceTokens } from '@app/transport';
import { rebuild, showTrialBalance } from './books.ts';
import { type Cast, type Script, tellOfCustomer } from './customer-story.ts';
import { OperatorClient } from './gateway.client.ts';
import { Narrator } from './narrator.ts';
import { PayerClient } from './payer.client.ts';
import { storySettings } from './story-settings.ts';

/** The two credit plans. Every figure here was worked out by hand; the story ends where the platform has another. */
const scripts: readonly Script[] = [
  {
    name: 'Aurora Translation',
    plan: 'usd-credit',
    rateCardId: 'standard',
    // 50 ÷ 7.14
    toppedUpCredits: '7.002801',
    // 3,000 × 2.5 ÷ 10⁶ + 800 × 15 ÷ 10⁶
    whole: { model: 'gpt-5.5', input: 3_000, output: 800, charge: '0.0195', credits: '0.002731' },
    // 1,000 × 2.5 ÷ 10⁶ + 200 × 15 ÷ 10⁶
    streamed: { model: 'gpt-5.5', input: 1_000, output: 200, charge: '0.0055', credits: '0.00077' },
    spent: '0.025',
    left: '49.975',
    refunded: '49.98',
    rounding: '0.005',
  },
  {
    name: 'Harbour Bookshop',
    plan: 'hk-credit',
    rateCardId: 'hk',
    toppedUpCredits: '500000',
    // 1,500 tokens at ¥0.004 per 1,000, which is 0.04 credits each
    whole: { model: 'gpt-3.5-turbo', input: 1_000, output: 500, charge: '0.006', credits: '60' },
    // 100 × 2.31 + 50 × 4.26 credits
    streamed: { model: 'gpt-4', input: 100, output: 50, charge: '0.0444', credits: '444' },
    spent: '0.0504',
    left: '49.9496',
    refunded: '49.95',
    rounding: '0.0004',
  },
];

const settings = readSettings(storySettings);
const identity = new IdentityProvider(settings.OIDC_ISSUER);
const tokensOf = (clientId: string, clientSecret: string) =>
  new ServiceTokens(identity, { clientId, clientSecret });
const narrator = new Narrator(process.stdout.isTTY && settings.NO_COLOR === undefined);
const ledger = grpcClient<LedgerApi.Ledger>({
  protoFile: 'haoli/ledger/v1/ledger.proto',
  package: 'haoli.ledger.v1',
  service: 'Ledger',
  url: settings.LEDGER_GRPC_URL,
  tokens: tokensOf(settings.FINANCE_CLIENT_ID, settings.FINANCE_CLIENT_SECRET),
});
const cast: Cast = {
  narrator,
  gatewayUrl: settings.GATEWAY_HTTP_URL,
  operator: new OperatorClient(
    settings.GATEWAY_HTTP_URL,
    tokensOf(settings.OPERATOR_CLIENT_ID, settings.OPERATOR_CLIENT_SECRET),
  ),
  payer: new PayerClient(settings.WECHATPAY_SANDBOX_URL),
  ledger,
};

try {
  for (const script of scripts) await tellOfCustomer(cast, script);
  narrator.chapter('All books together');
  await showTrialBalance(narrator, ledger);
  await rebuild(narrator, ledger);
  narrator.succeeded();
} catch (error) {
  narrator.failed(error);
  process.exitCode = 1;
} finally {
  closeGrpc(ledger);
}
