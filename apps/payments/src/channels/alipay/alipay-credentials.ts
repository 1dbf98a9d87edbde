import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** Who we are to Alipay, and by which keys it and we are known. */
export interface AlipayCredentials {
  readonly appId: string;
  /** The account that is paid; another one in a notification is not ours. */
  readonly sellerId: string;
  /** PKCS #8, PEM. */
  readonly appPrivateKey: string;
  /** The provider's, PEM. */
  readonly alipayPublicKey: string;
  /** By which the provider's key is called in what we keep: it has no number of its own. */
  readonly serial: string;
  /** Told by the key files themselves: generated for tests. */
  readonly sandbox: boolean;
}

const App = z.object({
  appId: z.string().regex(/^\d{1,32}$/),
  sellerId: z.string().regex(/^2088\d{12}$/),
});

/**
 * Reads the credentials of a directory that the operator mounts: `app.json` (appId, sellerId), `app-private-key.pem`
 * and `alipay-public-key.pem`. Throws naming the file that is missing or unusable.
 */
export function readAlipayCredentials(directory: string): AlipayCredentials {
  const read = (name: string): string => readFileSync(join(directory, name), 'utf8');
  const app = App.safeParse(JSON.parse(read('app.json')));
  if (!app.success) throw new Error(`${directory}/app.json: ${z.prettifyError(app.error)}`);
  const [privateText, publicText] = [read('app-private-key.pem'), read('alipay-public-key.pem')];
  const alipayPublicKey = pemOf(publicText, 'PUBLIC KEY', directory);
  return {
    ...app.data,
    appPrivateKey: pemOf(privateText, 'PRIVATE KEY', directory),
    alipayPublicKey,
    serial: `sha256:${createHash('sha256').update(alipayPublicKey).digest('hex').slice(0, 32)}`,
    sandbox: `${privateText}${publicText}`.includes('SANDBOX KEY'),
  };
}

/** The library wants the PEM alone: without what stands before it. */
function pemOf(text: string, label: string, directory: string): string {
  const found = new RegExp(`-----BEGIN ${label}-----[^-]+-----END ${label}-----`).exec(text);
  if (!found) throw new Error(`A key in ${directory} is not PEM with the label ${label}.`);
  return found[0];
}
