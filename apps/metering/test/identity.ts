import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** An identity provider of the spec: it gives a client the scopes that its id names, in words with spaces between. */
export async function startIdentity() {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const key = { ...(await exportJWK(publicKey)), alg: 'ES256', kid: 'spec' };
  const server = createServer((request, response) => {
    void answerTo(request.url ?? '', request.headers.authorization ?? '').then((body) =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port.toString()}`;

  async function answerTo(path: string, authorization: string): Promise<unknown> {
    if (path === '/jwks') return { keys: [key] };
    if (path === '/token') return { access_token: await token(clientOf(authorization)), expires_in: 600 };
    return { issuer, jwks_uri: `${issuer}/jwks`, token_endpoint: `${issuer}/token` };
  }

  const token = (scope: string, subject = 'spec') =>
    new SignJWT({ scope, client_id: 'spec' })
      .setProtectedHeader({ alg: 'ES256', kid: 'spec' })
      .setIssuer(issuer)
      .setAudience('haoli')
      .setSubject(subject)
      .setExpirationTime('10m')
      .sign(privateKey);

  return { issuer, token, close: () => new Promise((resolve) => server.close(resolve)) };
}

const clientOf = (authorization: string): string =>
  decodeURIComponent(
    Buffer.from(authorization.replace('Basic ', ''), 'base64').toString().split(':')[0] ?? '',
  );
