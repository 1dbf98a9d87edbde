import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { GatewaySettings } from '../gateway-settings.ts';
import { routesOf, singleRoute, type UpstreamRoutes, UpstreamsFile } from './upstream-routes.ts';

type Settings = Pick<
  GatewaySettings,
  'UPSTREAMS_FILE' | 'UPSTREAM_KEYS' | 'UPSTREAM_BASE_URL' | 'UPSTREAM_API_KEY'
>;

const Keys = z.record(z.string(), z.string().min(1));

/** The routes that the operator set up. Throws what is wrong with them, without repeating a key. */
export function configuredRoutes(settings: Settings): UpstreamRoutes {
  const { UPSTREAMS_FILE: file, UPSTREAM_BASE_URL: url, UPSTREAM_API_KEY: key } = settings;
  if (file === undefined) {
    if (url === undefined || key === undefined)
      throw new Error('Set UPSTREAMS_FILE, or both UPSTREAM_BASE_URL and UPSTREAM_API_KEY.');
    return singleRoute(url, key);
  }
  const parsed = UpstreamsFile.safeParse(jsonIn(readFileSync(file, 'utf8'), 'UPSTREAMS_FILE'));
  if (!parsed.success) throw new Error(`UPSTREAMS_FILE is not usable:\n${z.prettifyError(parsed.error)}`);
  const keys = Keys.safeParse(jsonIn(settings.UPSTREAM_KEYS ?? '{}', 'UPSTREAM_KEYS'));
  if (!keys.success)
    throw new Error('UPSTREAM_KEYS must be a JSON object of keys by the code of their upstream.');
  return routesOf(parsed.data, ({ code, keyFile }) => {
    const found = keyFile === undefined ? keys.data[code] : readFileSync(keyFile, 'utf8').trim();
    if (found === undefined || found === '')
      throw new Error(`The upstream ${code} has no key: set its keyFile, or name it in UPSTREAM_KEYS.`);
    return found;
  });
}

function jsonIn(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${name} is no JSON.`);
  }
}
