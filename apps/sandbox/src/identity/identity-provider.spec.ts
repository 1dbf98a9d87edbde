import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { startIdentityProvider, type RunningIdentityProvider } from './identity-provider.ts';

const clients = [
  { id: 'gateway', secret: 'gateway-secret-of-the-spec', scopes: ['holds:write', 'ledger:read'] },
  { id: 'finance', secret: 'finance-secret-of-the-spec', scopes: ['adjustments:request'] },
];
const directory = mkdtempSync(join(tmpdir(), 'haoli-identity-'));
let provider: RunningIdentityProvider;

beforeAll(async () => {
  provider = await startIdentityProvider({ host: '127.0.0.1', port: 0, clients, directory });
});

afterAll(async () => {
  await provider.stop();
  rmSync(directory, { recursive: true });
});

describe('the identity sandbox', () => {
  it('gives a client a signed token for the audience haoli with all of its scopes', async () => {
    const { access_token: token } = await askToken('gateway', 'gateway-secret-of-the-spec');
    const keys = createRemoteJWKSet(new URL(`${provider.issuer}/jwks`));
    const { payload, protectedHeader } = await jwtVerify(token ?? '', keys, {
      issuer: provider.issuer,
      audience: 'haoli',
    });
    expect(protectedHeader.alg).toBe('ES256');
    expect(payload).toMatchObject({ sub: 'gateway', client_id: 'gateway', scope: 'holds:write ledger:read' });
  });

  it('gives the scopes that were asked for, and no others', async () => {
    const { access_token: token = '' } = await askToken(
      'gateway',
      'gateway-secret-of-the-spec',
      'ledger:read',
    );
    expect(claimsOf(token)['scope']).toBe('ledger:read');
    const refused = await askToken('gateway', 'gateway-secret-of-the-spec', 'adjustments:request');
    expect(refused).toMatchObject({ error: 'invalid_scope' });
  });

  it('gives nothing for a wrong secret', async () => {
    expect(await askToken('gateway', 'finance-secret-of-the-spec')).toMatchObject({
      error: 'invalid_client',
    });
  });

  it('keeps its key where only its owner reads it, so that tokens outlive a restart', async () => {
    const file = join(directory, 'identity-key.json');
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
    const again = await startIdentityProvider({ host: '127.0.0.1', port: 0, clients, directory });
    const keyIds = await Promise.all([provider, again].map(({ issuer }) => keyIdOf(issuer)));
    await again.stop();
    expect(keyIds[1]).toBe(keyIds[0]);
  });
});

interface TokenAnswer {
  readonly access_token?: string;
  readonly error?: string;
}

async function askToken(id: string, secret: string, scope?: string): Promise<TokenAnswer> {
  const answer = await fetch(`${provider.issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      ...(scope === undefined ? {} : { scope }),
    }),
  });
  return (await answer.json()) as TokenAnswer;
}

async function keyIdOf(issuer: string): Promise<unknown> {
  const { keys } = (await (await fetch(`${issuer}/jwks`)).json()) as { keys: { kid: string }[] };
  return keys[0]?.kid;
}

const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
