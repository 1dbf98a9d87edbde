import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload } from 'jose';
import type { Caller } from './caller.ts';
import type { IdentityProvider } from './oidc.ts';
import { Problem } from './problem.ts';

/** Tokens are made for this audience, whatever service they are shown to. */
export const audience = 'haoli';

/** Never `none`, and nothing that is verified with a shared secret. */
const algorithms = ['RS256', 'ES256', 'EdDSA'];
const rememberedMax = 1_000;
const clockSkewSeconds = 5;

interface Remembered {
  readonly caller: Caller;
  readonly expiresAtMs: number;
}

/** Verifies bearer tokens against the keys of the identity provider. */
export class TokenVerifier {
  private readonly remembered = new Map<string, Remembered>();
  private keys:
    Promise<{ readonly issuer: string; readonly set: ReturnType<typeof createRemoteJWKSet> }> | undefined;

  constructor(private readonly provider: IdentityProvider) {}

  /**
   * Who a token is for. Throws a Problem: `unauthenticated` where the token is missing, forged, expired or made for someone
   * else, `unavailable` where the provider's keys cannot be had.
   */
  async verify(token: string | undefined): Promise<Caller> {
    if (token === undefined) throw unauthenticated('There is no bearer token.');
    const known = this.remembered.get(token);
    if (known && known.expiresAtMs > Date.now()) return known.caller;
    const payload = await this.payloadOf(token);
    const caller = callerOf(payload);
    this.remember(token, { caller, expiresAtMs: (payload.exp ?? 0) * 1000 });
    return caller;
  }

  private async payloadOf(token: string): Promise<JWTPayload> {
    const { issuer, set } = await this.keySet();
    try {
      const options = {
        issuer,
        audience,
        algorithms,
        clockTolerance: clockSkewSeconds,
        requiredClaims: ['exp', 'sub'],
      };
      return (await jwtVerify(token, set, options)).payload;
    } catch (error) {
      throw problemOfToken(error);
    }
  }

  private async keySet() {
    this.keys ??= this.provider
      .discover()
      .then(({ issuer, keysUrl }) => ({ issuer, set: createRemoteJWKSet(keysUrl) }))
      .catch((error: unknown) => {
        this.keys = undefined;
        throw error;
      });
    return this.keys;
  }

  /** A service sends the same token for minutes, and a signature costs more than most requests. */
  private remember(token: string, one: Remembered): void {
    if (this.remembered.size >= rememberedMax) {
      const [oldest] = this.remembered.keys();
      if (oldest !== undefined) this.remembered.delete(oldest);
    }
    this.remembered.set(token, one);
  }
}

/** The token of an `authorization` header, or undefined where there is none. */
export function bearerOf(header: unknown): string | undefined {
  const text = Array.isArray(header) ? (header as unknown[])[0] : header;
  if (typeof text !== 'string') return undefined;
  return /^Bearer +(\S+)$/i.exec(text)?.[1];
}

function callerOf(payload: JWTPayload): Caller {
  const { sub = '', scope, client_id: clientId } = payload;
  const granted = typeof scope === 'string' ? scope.split(' ').filter((one) => one !== '') : [];
  return { subject: sub, clientId: typeof clientId === 'string' ? clientId : sub, scopes: new Set(granted) };
}

function problemOfToken(error: unknown): Problem {
  if (error instanceof errors.JWTExpired) return unauthenticated('The token has expired.', error);
  if (error instanceof errors.JWTClaimValidationFailed) {
    return unauthenticated(`The token is not meant for this service: ${error.claim} is wrong.`, error);
  }
  if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) {
    return new Problem(
      { code: 'unavailable', detail: 'The keys of the identity provider cannot be read.' },
      { cause: error },
    );
  }
  return unauthenticated('The token cannot be verified.', error);
}

const unauthenticated = (detail: string, cause?: unknown): Problem =>
  new Problem(
    {
      code: 'unauthenticated',
      detail,
      field: 'authorization',
      remedy:
        'Send "Authorization: Bearer <token>" with a token of the identity provider for the audience haoli.',
    },
    { cause },
  );
