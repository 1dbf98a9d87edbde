import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** An identity provider that gives every client the scopes that its id names. */
export interface SpecIdentityProvider {
  readonly issuer: string;
  token(scope: string, subject?: string): Promise<string>;
  close(): void;
}

export async function startIdentityProvider(): Promise<SpecIdentityProvider> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const server = createServer((request, response) => {
    void answer(request.url ?? '', request.headers.authorization).then((body) => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const token = (scope: string, subject = 'spec') =>
    new SignJWT({ scope, client_id: 'spec' })
      .setProtectedHeader({ alg: 'ES256', kid: 'spec' })
      .setIssuer(issuer)
      .setAudience('haoli')
      .setSubject(subject)
      .setExpirationTime('10m')
      .sign(privateKey);
  const answer = async (path: string, authorization = ''): Promise<unknown> => {
    if (path === '/jwks') return { keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256', kid: 'spec' }] };
    const [scope = ''] = Buffer.from(authorization.replace('Basic ', ''), 'base64').toString().split(':');
    if (path === '/token') return { access_token: await token(decodeURIComponent(scope)), expires_in: 600 };
    return { issuer, jwks_uri: `${issuer}/jwks`, token_endpoint: `${issuer}/token` };
  };
  return {
    issuer,
    token,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
