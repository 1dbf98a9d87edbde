import { logSettings, PortSetting } from '@app/config';
import { z } from 'zod';
import { alipaySandboxSettings } from './alipay/alipay-settings.ts';
import { bankSandboxSettings } from './bank/bank-settings.ts';
import { identitySettings } from './identity/identity-settings.ts';
import { wechatSandboxSettings } from './wechat/wechat-settings.ts';

/** Everything that the sandbox process reads from its environment. */
export const SandboxSettings = z.object({
  ...logSettings,
  ...identitySettings,
  ...wechatSandboxSettings,
  ...alipaySandboxSettings,
  ...bankSandboxSettings,
  SANDBOX_UPSTREAM_PORT: PortSetting.default(3012),
  /** What the gateway must show the model provider. */
  UPSTREAM_API_KEY: z.string().min(1),
});
export type SandboxSettings = z.infer<typeof SandboxSettings>;
