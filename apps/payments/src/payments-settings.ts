import {
  DatabaseUrlSetting,
  HostPortSetting,
  HttpUrlSetting,
  kafkaSettings,
  logSettings,
  oidcSettings,
  PortSetting,
} from '@app/config';
import { z } from 'zod';
import { BankAccount } from './bank/bank-accounts.ts';

function parsedJson(text: string, context: z.RefinementCtx): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    context.addIssue({ code: 'custom', message: 'is not JSON' });
    return z.NEVER;
  }
}

/** What payments needs from its environment. */
export const paymentsSettings = z.object({
  ...kafkaSettings,
  ...oidcSettings,
  ...logSettings,
  NODE_ENV: z.string().default('development'),
  PAYMENTS_HTTP_PORT: PortSetting.default(3003),
  PAYMENTS_GRPC_URL: HostPortSetting.default('127.0.0.1:50053'),
  PAYMENTS_DATABASE_URL: DatabaseUrlSetting,
  /** The owner role's address, for migrations. Without it the service's own role migrates. */
  PAYMENTS_MIGRATION_DATABASE_URL: DatabaseUrlSetting.optional(),
  WECHATPAY_BASE_URL: HttpUrlSetting.default('https://api.mch.weixin.qq.com'),
  /** A mounted directory: merchant.json, merchant-private-key.pem, api-v3-key, public-keys/<serial>.pem. */
  WECHATPAY_KEYS_DIR: z.string().min(1),
  /** Our public origin, below which the provider finds /webhooks/wechat. */
  WECHATPAY_NOTIFY_BASE_URL: HttpUrlSetting,
  WECHATPAY_TIMEOUT_MS: z.coerce.number().int().min(100).max(60_000).default(5_000),
  /** The provider wants a minute between two refunds of one order. */
  WECHATPAY_REFUND_SPACING_MS: z.coerce.number().int().min(0).max(3_600_000).default(60_000),
  ALIPAY_GATEWAY_URL: HttpUrlSetting.default('https://openapi.alipay.com/gateway.do'),
  /** A mounted directory: app.json, app-private-key.pem, alipay-public-key.pem. Without it there is no Alipay here. */
  ALIPAY_KEYS_DIR: z.string().min(1).optional(),
  /** Our public origin, below which the provider finds /webhooks/alipay. */
  ALIPAY_NOTIFY_BASE_URL: HttpUrlSetting.optional(),
  ALIPAY_TIMEOUT_MS: z.coerce.number().int().min(100).max(60_000).default(5_000),
  /** Set by our contract with the provider. */
  ALIPAY_REFUND_WINDOW_DAYS: z.coerce.number().int().min(2).max(366).default(90),
  /** The provider wants three seconds between two refunds of one trade. */
  ALIPAY_REFUND_SPACING_MS: z.coerce.number().int().min(0).max(3_600_000).default(3_000),
  /** Our bank accounts as JSON, such as [{"code":"bank-icbc","account":"…","accountName":"…","bankName":"…","currency":"CNY"}]. */
  BANK_ACCOUNTS: z
    .string()
    .default('[]')
    .transform((text, context) => parsedJson(text, context))
    .pipe(z.array(BankAccount)),
  /** Transfers of this many whole units and more wait for two people. */
  BANK_AUTOMATIC_BELOW: z
    .string()
    .regex(/^[1-9]\d{0,14}$/)
    .default('1000000'),
  /** How long an order may be paid. */
  TOP_UP_EXPIRES_SECONDS: z.coerce.number().int().min(60).max(604_800).default(900),
  /** How many orders of one customer may wait to be paid at the same time. */
  TOP_UP_OPEN_MAX: z.coerce.number().int().min(1).max(1_000).default(5),
  /** The ledger, which is asked whether its clearing accounts say what the providers say; without it nobody is. */
  LEDGER_GRPC_URL: HostPortSetting.optional(),
  /** How often it is looked whether a day can be compared with the providers' bills. */
  PAYMENTS_RECONCILE_INTERVAL_MS: z.coerce.number().int().min(20).max(3_600_000).default(60_000),
  /** How often orders and refunds that are due for a look are looked for. */
  PAYMENTS_LOOK_INTERVAL_MS: z.coerce.number().int().min(20).max(60_000).default(500),
});
export type PaymentsSettings = z.infer<typeof paymentsSettings>;
