import { z } from 'zod';

/** What the WeChat Pay sandbox needs to know; spread into the settings of the sandbox process. */
export const wechatSandboxSettings = {
  /** Present only to refuse: a process of production must never hold keys that anyone can read. */
  NODE_ENV: z.string().default('development'),
  WECHATPAY_SANDBOX_PORT: z.coerce.number().int().min(0).max(65_535).default(3011),
  /** Keys and the record of trades are kept here; made at the first run, readable by its owner only. */
  WECHATPAY_SANDBOX_DIR: z.string().min(1),
  WECHATPAY_MCHID: z.string().min(1).max(32).default('1900000109'),
  WECHATPAY_APPID: z.string().min(1).max(32).default('wxsandbox00000001'),
  WECHATPAY_MCH_SERIAL: z
    .string()
    .regex(/^[0-9A-F]{40}$/)
    .default('5A4D0B0C00000000000000000000000000000001'),
  /** After how long a refund succeeds by itself; `manual` leaves it to the control API. */
  WECHATPAY_SANDBOX_REFUND_DELAY_MS: z
    .union([z.literal('manual'), z.coerce.number().int().min(0)])
    .default(300),
  /** The provider's own rule is one minute between two refunds of one order. */
  WECHATPAY_SANDBOX_REFUND_SPACING_MS: z.coerce.number().int().min(0).default(60_000),
};

const Settings = z.object(wechatSandboxSettings);
export type WechatSandboxSettings = z.infer<typeof Settings>;
/** What a caller must give; the rest has defaults. */
export type WechatSandboxInput = z.input<typeof Settings>;

/** Fills in the defaults; for tests and for callers that do not read the environment. */
export const parseWechatSettings = (input: WechatSandboxInput): WechatSandboxSettings =>
  Settings.parse(input);
