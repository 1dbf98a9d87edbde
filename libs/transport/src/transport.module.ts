import { oidcSettings, readSettings } from '@app/config';
import { Module } from '@nestjs/common';
import { z } from 'zod';
import { IdentityProvider } from './oidc.ts';
import { ServiceTokens } from './service-tokens.ts';
import { TokenVerifier } from './token-verifier.ts';

const provider = () => {
  const settings = readSettings(z.object(oidcSettings));
  return { provider: new IdentityProvider(settings.OIDC_ISSUER), settings };
};

/** ServiceTokens and the token check, from the environment. Added by `startService`, for every module to inject. */
@Module({
  providers: [
    {
      provide: ServiceTokens,
      useFactory: () => {
        const { provider: identity, settings } = provider();
        const { SERVICE_CLIENT_ID: clientId, SERVICE_CLIENT_SECRET: clientSecret } = settings;
        return new ServiceTokens(identity, { clientId, clientSecret });
      },
    },
    { provide: TokenVerifier, useFactory: () => new TokenVerifier(provider().provider) },
  ],
  exports: [ServiceTokens, TokenVerifier],
})
export class TransportModule {}
