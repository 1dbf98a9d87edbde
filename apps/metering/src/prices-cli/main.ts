import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { HttpUrlSetting, readSettings } from '@app/config';
import { IdentityProvider, ServiceTokens } from '@app/transport';
import { z } from 'zod';
import { options, type PriceRequest, priceRequest, usage } from './price-command.ts';

const environment = z.object({
  METERING_HTTP_URL: HttpUrlSetting.default('http://127.0.0.1:3001'),
  OIDC_ISSUER: HttpUrlSetting,
  OPERATOR_CLIENT_ID: z.string(),
  OPERATOR_CLIENT_SECRET: z.string(),
  FINANCE_CHECKER_CLIENT_ID: z.string().default(''),
  FINANCE_CHECKER_CLIENT_SECRET: z.string().default(''),
});

/** Imports, exports, audits and approves prices over metering's REST. */
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
  const request = priceRequest(positionals, values, (file) => readFileSync(file, 'utf8'));
  const settings = readSettings(environment);
  const answer = await fetch(`${settings.METERING_HTTP_URL}${request.path}`, {
    method: request.method,
    headers: {
      authorization: `Bearer ${await bearer(request, settings)}`,
      'content-type': 'application/json',
    },
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
  });
  const body = (await answer.json()) as Record<string, unknown>;
  const isFile = positionals[0] === 'export' && typeof body['content'] === 'string';
  process.stdout.write(isFile ? String(body['content']) : `${JSON.stringify(body, undefined, 2)}\n`);
  return answer.ok && !foundSomething(body) ? 0 : 1;
}

/** An audit ends with 1 where it reports anything, so that a nightly run notices. */
function foundSomething({ book, table }: Readonly<Record<string, unknown>>): boolean {
  const reported = (book as { readonly reported?: readonly unknown[] } | undefined)?.reported ?? [];
  return reported.length > 0 || (Array.isArray(table) && table.length > 0);
}

function bearer({ as }: PriceRequest, settings: z.infer<typeof environment>): Promise<string> {
  const [clientId, clientSecret] =
    as === 'operator'
      ? [settings.OPERATOR_CLIENT_ID, settings.OPERATOR_CLIENT_SECRET]
      : [settings.FINANCE_CHECKER_CLIENT_ID, settings.FINANCE_CHECKER_CLIENT_SECRET];
  return new ServiceTokens(new IdentityProvider(settings.OIDC_ISSUER), { clientId, clientSecret }).bearer();
}
