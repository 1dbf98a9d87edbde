import { z } from 'zod';

/** What the bank sandbox needs to know; spread into the settings of the sandbox process. */
export const bankSandboxSettings = {
  /** Present only to refuse. */
  NODE_ENV: z.string().default('development'),
  BANK_SANDBOX_PORT: z.coerce.number().int().min(0).max(65_535).default(3014),
  BANK_SANDBOX_ACCOUNT: z.string().default('6222020000000000001'),
};

const Settings = z.object(bankSandboxSettings);
export type BankSandboxInput = z.input<typeof Settings>;

/** Fills in the defaults; for tests and for callers that do not read the environment. */
export const parseBankSettings = (input: BankSandboxInput): z.infer<typeof Settings> => Settings.parse(input);
