import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** An identity provider for the time of a benchmark: everybody who asks has the scopes. */
export async function startIdentity(
  scope = 'ledger:read holds:write',
): Promise<{ readonly issuer: string; close(): void }> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const key = { ...(await exportJWK(publicKey)), alg: 'ES256', kid: 'bench' };
  const server = createServer((request, response) => {
    void answerTo(request.url ?? '').then((body) =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const token = () =>
    new SignJWT({ scope, client_id: 'bench' })
      .setProtectedHeader({ alg: 'ES256', kid: 'bench' })
      .setIssuer(issuer)
      .setAudience('haoli')
      .setSubject('bench')
      .setExpirationTime('2h')
      .sign(privateKey);

  async function answerTo(path: string): Promise<unknown> {
    if (path === '/jwks') return { keys: [key] };
    if (path === '/token') return { access_token: await token(), expires_in: 7_000 };
    return { issuer, jwks_uri: `${issuer}/jwks`, token_endpoint: `${issuer}/token` };
  }
  return { issuer, close: () => server.close() };
}
