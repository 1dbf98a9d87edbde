import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/**
 * An identity provider of the specs: a client's id is the list of its scopes, and may name a subject before them
 * (`anna|ledger:read`). `token` gives the token of a subject with such scopes.
 */
export async function startIdentity() {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const key = { ...(await exportJWK(publicKey)), alg: 'ES256', kid: 'spec' };
  const server = createServer((request, response) => {
    void answerTo(request.url ?? '', request.headers.authorization ?? '').then((body) =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const token = (scope: string, subject = 'spec') =>
    new SignJWT({ scope, client_id: 'spec' })
      .setProtectedHeader({ alg: 'ES256', kid: 'spec' })
      .setIssuer(issuer)
      .setAudience('haoli')
      .setSubject(subject)
      .setExpirationTime('10m')
      .sign(privateKey);

  const tokenOf = (client: string) => {
    const [first = '', second] = client.split('|');
    return second === undefined ? token(first) : token(second, first);
  };

  async function answerTo(path: string, authorization: string): Promise<unknown> {
    if (path === '/jwks') return { keys: [key] };
    if (path === '/token') return { access_token: await tokenOf(clientOf(authorization)), expires_in: 600 };
    return { issuer, jwks_uri: `${issuer}/jwks`, token_endpoint: `${issuer}/token` };
  }

  const close = (): Promise<unknown> => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { issuer, token, close };
}

const clientOf = (authorization: string): string =>
  decodeURIComponent(
    Buffer.from(authorization.replace('Basic ', ''), 'base64').toString().split(':')[0] ?? '',
  );
