import { Metadata } from '@grpc/grpc-js';
import { z } from 'zod';
import type { IdentityProvider } from './oidc.ts';
import { Problem } from './problem.ts';
import { audience } from './token-verifier.ts';

const TokenAnswer = z.object({ access_token: z.string(), expires_in: z.number() });

/** The client that this service is, at the identity provider. */
export interface ServiceClient {
  readonly clientId: string;
  readonly clientSecret: string;
}

const renewBeforeMs = 30_000;
const timeoutMs = 5_000;

/** This service's own token, for its peers (client credentials), kept until half a minute before it ends. */
export class ServiceTokens {
  private current: { readonly token: Promise<string>; goodUntilMs: number } | undefined;

  constructor(
    private readonly provider: IdentityProvider,
    private readonly client: ServiceClient,
  ) {}

  /** A token that is good for some time yet. Throws a Problem (`unavailable`) where none can be had. */
  bearer(): Promise<string> {
    if (this.current && this.current.goodUntilMs > Date.now()) return this.current.token;
    const next = { token: this.fetchToken(), goodUntilMs: Number.POSITIVE_INFINITY };
    this.current = next;
    next.token.catch(() => {
      this.current = undefined;
    });
    return next.token;
  }

  /** The token as metadata of a gRPC call. */
  async metadata(): Promise<Metadata> {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${await this.bearer()}`);
    return metadata;
  }

  private async fetchToken(): Promise<string> {
    const { tokenUrl } = await this.provider.discover();
    const answer = await ask(tokenUrl, this.client);
    if (this.current) this.current.goodUntilMs = Date.now() + answer.expires_in * 1000 - renewBeforeMs;
    return answer.access_token;
  }
}

async function ask(
  url: URL,
  { clientId, clientSecret }: ServiceClient,
): Promise<z.infer<typeof TokenAnswer>> {
  const credentials = [clientId, clientSecret].map(encodeURIComponent).join(':');
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', audience }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!answer.ok)
      throw new Error(`The identity provider answered ${String(answer.status)}: ${await answer.text()}`);
    return TokenAnswer.parse(await answer.json());
  } catch (error) {
    throw new Problem(
      { code: 'unavailable', detail: 'No token can be had from the identity provider.' },
      { cause: error },
    );
  }
}
