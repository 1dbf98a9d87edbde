import { z } from 'zod';
import { Problem } from './problem.ts';

const Discovery = z.object({ issuer: z.string(), jwks_uri: z.url(), token_endpoint: z.url() });

/** Where an identity provider keeps its keys and gives its tokens. */
export interface Provider {
  readonly issuer: string;
  readonly keysUrl: URL;
  readonly tokenUrl: URL;
}

const timeoutMs = 5_000;

/** An identity provider, found by OIDC discovery when it is first needed and then remembered. */
export class IdentityProvider {
  private found: Promise<Provider> | undefined;

  constructor(private readonly issuer: string) {}

  /** Throws a Problem (`unavailable`) where the provider does not answer; the next call asks again. */
  discover(): Promise<Provider> {
    this.found ??= this.ask().catch((error: unknown) => {
      this.found = undefined;
      throw new Problem(
        { code: 'unavailable', detail: 'The identity provider does not answer.' },
        { cause: error },
      );
    });
    return this.found;
  }

  private async ask(): Promise<Provider> {
    const answer = await fetch(`${this.issuer}/.well-known/openid-configuration`, {
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!answer.ok) throw new Error(`${this.issuer} answered ${String(answer.status)}`);
    const found = Discovery.parse(await answer.json());
    if (found.issuer.replace(/\/+$/, '') !== this.issuer) throw new Error(`It calls itself ${found.issuer}`);
    return {
      issuer: found.issuer,
      keysUrl: new URL(found.jwks_uri),
      tokenUrl: new URL(found.token_endpoint),
    };
  }
}
