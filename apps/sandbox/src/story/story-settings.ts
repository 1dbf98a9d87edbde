import { HostPortSetting, HttpUrlSetting } from '@app/config';
import { z } from 'zod';

/** Where everything is, and as whom the story speaks to it. */
export const storySettings = z.object({
  GATEWAY_HTTP_URL: HttpUrlSetting,
  LEDGER_GRPC_URL: HostPortSetting,
  WECHATPAY_SANDBOX_URL: HttpUrlSetting,
  OIDC_ISSUER: HttpUrlSetting,
  /** Creates customers and their keys. */
  OPERATOR_CLIENT_ID: z.string().min(1),
  OPERATOR_CLIENT_SECRET: z.string().min(1),
  /** Reads the books. */
  FINANCE_CLIENT_ID: z.string().min(1),
  FINANCE_CLIENT_SECRET: z.string().min(1),
  /** Set to anything, no colours are used. See no-color.org. */
  NO_COLOR: z.string().optional(),
});
export type StorySettings = z.infer<typeof storySettings>;
