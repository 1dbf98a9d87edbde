import { z } from 'zod';

/** What the Alipay sandbox needs to know; spread into the settings of the sandbox process. */
export const alipaySandboxSettings = {
  /** Present only to refuse: a process of production must never hold keys that anyone can read. */
  NODE_ENV: z.string().default('development'),
  ALIPAY_SANDBOX_PORT: z.coerce.number().int().min(0).max(65_535).default(3013),
  /** Keys and the record of trades are kept here; made at the first run, readable by its owner only. */
  ALIPAY_SANDBOX_DIR: z.string().min(1),
  ALIPAY_APP_ID: z.string().regex(/^\d+$/).default('2021000000000001'),
  ALIPAY_SELLER_ID: z
    .string()
    .regex(/^2088\d{12}$/)
    .default('2088000000000001'),
  /** What the contract allows; three months unless it says otherwise. */
  ALIPAY_SANDBOX_REFUND_WINDOW_DAYS: z.coerce.number().int().min(1).max(366).default(90),
  /** The provider's own rule is three seconds between two refunds of one trade. */
  ALIPAY_SANDBOX_REFUND_SPACING_MS: z.coerce.number().int().min(0).default(3_000),
};

const Settings = z.object(alipaySandboxSettings);
export type AlipaySandboxSettings = z.infer<typeof Settings>;
/** What a caller must give; the rest has defaults. */
export type AlipaySandboxInput = z.input<typeof Settings>;

/** Fills in the defaults; for tests and for callers that do not read the environment. */
export const parseAlipaySettings = (input: AlipaySandboxInput): AlipaySandboxSettings =>
  Settings.parse(input);
