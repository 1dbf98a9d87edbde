import { PortSetting } from '@app/config';
import { z } from 'zod';

/** A program or a person that may ask for tokens. */
export const SandboxClient = z.strictObject({
  id: z.string().min(1),
  secret: z.string().min(16),
  scopes: z.array(z.string().min(1)),
});
export type SandboxClient = z.infer<typeof SandboxClient>;

const ClientsJson = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'must be JSON' });
      return z.NEVER;
    }
  })
  .pipe(z.array(SandboxClient).min(1));

/** What the identity sandbox needs to know; spread into the settings of the sandbox process. */
export const identitySettings = {
  SANDBOX_HTTP_PORT: PortSetting.default(3010),
  /** A JSON list of clients: id, secret, scopes. Made by the bootstrap, never committed. */
  SANDBOX_CLIENTS: ClientsJson,
  /** The signing key is kept here, so that tokens outlive a restart. */
  SANDBOX_DIR: z.string().min(1),
};
