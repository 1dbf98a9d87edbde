import { HostPortSetting, HttpUrlSetting } from '@app/config';
import { z } from 'zod';

/** Where everything is, and as whom the replay speaks to it. */
export const replaySettings = z.object({
  GATEWAY_HTTP_URL: HttpUrlSetting,
  METERING_HTTP_URL: HttpUrlSetting,
  METERING_GRPC_URL: HostPortSetting,
  LEDGER_GRPC_URL: HostPortSetting,
  /** Wallets are funded through it; nothing else plays the payer. */
  WECHATPAY_SANDBOX_URL: HttpUrlSetting,
  OIDC_ISSUER: HttpUrlSetting,
  /** Creates customers, publishes the price, reads the books. */
  OPERATOR_CLIENT_ID: z.string().min(1),
  OPERATOR_CLIENT_SECRET: z.string().min(1),
  /** Reports the calls. */
  INTERNAL_SERVICE_CLIENT_ID: z.string().min(1),
  INTERNAL_SERVICE_CLIENT_SECRET: z.string().min(1),
  REPLAY_CUSTOMERS: z.coerce.number().int().min(1).max(10_000).default(200),
});
export type ReplaySettings = z.infer<typeof replaySettings>;
