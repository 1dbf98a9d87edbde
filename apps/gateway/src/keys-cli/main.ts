import { parseArgs } from 'node:util';
import { HttpUrlSetting, readSettings } from '@app/config';
import { IdentityProvider, ServiceTokens } from '@app/transport';
import { z } from 'zod';
import { keyRequest, options, usage } from './key-command.ts';

const environment = z.object({
  GATEWAY_HTTP_URL: HttpUrlSetting.default('http://127.0.0.1:3000'),
  HAOLI_API_KEY: z.string().optional(),
  OIDC_ISSUER: HttpUrlSetting.optional(),
  OPERATOR_CLIENT_ID: z.string().optional(),
  OPERATOR_CLIENT_SECRET: z.string().optional(),
});

/** Manages API keys over the gateway's REST, as an operator or with a key of the customer's own. */
try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  if (values.help === true || positionals.length === 0) {
    process.stdout.write(usage);
    return values.help === true ? 0 : 2;
  }
  const { method, path, body } = keyRequest(positionals, values);
  const settings = readSettings(environment);
  const answer = await fetch(`${values.url ?? settings.GATEWAY_HTTP_URL}${path}`, {
    method,
    headers: { authorization: `Bearer ${await bearer(settings)}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  process.stdout.write(`${JSON.stringify(await answer.json(), undefined, 2)}\n`);
  return answer.ok ? 0 : 1;
}

/** The customer's own key, or a token for the operator's client. */
async function bearer(settings: z.infer<typeof environment>): Promise<string> {
  const { HAOLI_API_KEY: key, OIDC_ISSUER: issuer } = settings;
  const { OPERATOR_CLIENT_ID: clientId, OPERATOR_CLIENT_SECRET: clientSecret } = settings;
  if (key !== undefined) return key;
  if (issuer === undefined || clientId === undefined || clientSecret === undefined)
    throw new Error('Set HAOLI_API_KEY, or OIDC_ISSUER, OPERATOR_CLIENT_ID and OPERATOR_CLIENT_SECRET.');
  return new ServiceTokens(new IdentityProvider(issuer), { clientId, clientSecret }).bearer();
}
