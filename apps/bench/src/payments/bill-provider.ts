import { createPrivateKey, createSign, type KeyObject, randomBytes } from 'node:crypto';
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';

/** A packed bill, and the digest of what is in it. */
export interface BillFile {
  readonly file: string;
  readonly sha1: string;
}

/** A provider that has nothing but two bills, signed with the keys of a sandbox's directory. */
export class BillProvider {
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(
    directory: string,
    bills: { readonly trade: BillFile; readonly fund: BillFile },
  ): Promise<BillProvider> {
    const key = keyOf(join(directory, 'provider'));
    let url = '';
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://provider');
      if (pathname.startsWith('/file/')) {
        createReadStream((pathname === '/file/trade' ? bills.trade : bills.fund).file).pipe(response);
        return;
      }
      const kind = pathname === '/v3/bill/tradebill' ? 'trade' : 'fund';
      const offer = { hash_type: 'SHA1', hash_value: bills[kind].sha1, download_url: `${url}/file/${kind}` };
      const body = JSON.stringify(offer);
      response.writeHead(200, { 'content-type': 'application/json', ...signed(body, key) }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    return new BillProvider(server, url);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

interface ProviderKey {
  readonly serial: string;
  readonly privateKey: KeyObject;
}

function keyOf(directory: string): ProviderKey {
  const file = readdirSync(directory).find((name) => name.startsWith('PUB_KEY_ID_')) ?? '';
  return {
    serial: basename(file, '.pem'),
    privateKey: createPrivateKey(readFileSync(join(directory, file))),
  };
}

function signed(body: string, { serial, privateKey }: ProviderKey): Record<string, string> {
  const [timestamp, nonce] = [String(Math.floor(Date.now() / 1000)), randomBytes(16).toString('hex')];
  const signature = createSign('RSA-SHA256').update(`${timestamp}\n${nonce}\n${body}\n`);
  return {
    'Wechatpay-Timestamp': timestamp,
    'Wechatpay-Nonce': nonce,
    'Wechatpay-Serial': serial,
    'Wechatpay-Signature': signature.sign(privateKey, 'base64'),
  };
}
