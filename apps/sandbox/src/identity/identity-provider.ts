import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider, type Configuration } from 'oidc-provider';
import type { SandboxClient } from './identity-settings.ts';
import { signingKey } from './signing-key.ts';

/** What the identity provider is started with. */
export interface IdentityOptions {
  readonly host: string;
  readonly port: number;
  readonly clients: readonly SandboxClient[];
  readonly directory: string;
  /** Seconds until a token ends; ten minutes where nothing is said. */
  readonly tokenSeconds?: number;
}

/** An identity provider that runs. */
export interface RunningIdentityProvider {
  readonly issuer: string;
  stop(): Promise<void>;
}

const audience = 'haoli';
const resource = 'urn:haoli';

/**
 * An OIDC provider for local runs: client credentials only, signed access tokens (ES256) for the audience `haoli`.
 * A client that asks for no scope gets all of its own; it never gets another.
 */
export async function startIdentityProvider(options: IdentityOptions): Promise<RunningIdentityProvider> {
  const server = createServer();
  await listening(server, options);
  const { port } = server.address() as AddressInfo;
  const issuer = `http://${options.host}:${String(port)}`;
  const provider = new Provider(issuer, await configurationOf(options));
  const handle = provider.callback();
  server.on('request', (request, response) => void handle(request, response));
  return { issuer, stop: () => closed(server) };
}

async function configurationOf({
  clients,
  directory,
  tokenSeconds = 600,
}: IdentityOptions): Promise<Configuration> {
  const scopesOf = new Map(clients.map(({ id, scopes }) => [id, scopes.join(' ')]));
  const scopes = [...new Set(clients.flatMap((client) => client.scopes))];
  return {
    clients: clients.map((client) => ({
      client_id: client.id,
      client_secret: client.secret,
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      scope: client.scopes.join(' '),
    })),
    scopes,
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    jwks: { keys: [await signingKey(directory)] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    ttl: { ClientCredentials: tokenSeconds },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          audience,
          scope: scopes.join(' '),
          accessTokenTTL: tokenSeconds,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    formats: {
      customizers: {
        jwt: (_context, token, parts) => {
          const { clientId = '' } = token;
          parts.payload['scope'] ??= scopesOf.get(clientId) ?? '';
        },
      },
    },
  };
}

function listening(server: Server, { host, port }: IdentityOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
