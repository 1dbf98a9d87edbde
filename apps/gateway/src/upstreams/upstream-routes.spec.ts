import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { configuredRoutes } from './configured-routes.ts';
import { isPublicAddress } from './public-address.ts';
import { inTurn, type Route, UpstreamsFile } from './upstream-routes.ts';

const upstream = { code: 'a', url: 'https://a.example/v1' };
const file = { upstreams: [upstream], models: { '*': [{ upstream: 'a' }] } };
const nothing = {
  UPSTREAMS_FILE: undefined,
  UPSTREAM_KEYS: undefined,
  UPSTREAM_BASE_URL: undefined,
  UPSTREAM_API_KEY: undefined,
};
const written = (content: unknown, name = 'upstreams.json') => {
  const path = join(mkdtempSync(join(tmpdir(), 'routes-')), name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

const guide = readFileSync(join(import.meta.dirname, '../../../../docs/guides/upstreams.md'), 'utf8');

describe('the file of upstreams', () => {
  it('is as the guide writes it', () => {
    const example: unknown = JSON.parse(/```json\n([^`]+)```/.exec(guide)?.[1] ?? '');
    expect(UpstreamsFile.safeParse(example).error).toBeUndefined();
  });

  it.each([
    ['a route to nobody', { ...file, models: { m: [{ upstream: 'b' }] } }, 'm goes to b'],
    ['two of one code', { ...file, upstreams: [upstream, upstream] }, 'the same code'],
    ['http', { ...file, upstreams: [{ ...upstream, url: 'http://a.example/v1' }] }, 'a: only https'],
    ['a word that means nothing', { ...file, upstreams: [{ ...upstream, keyfile: 'x' }] }, 'keyfile'],
    [
      'an endpoint that is none',
      { ...file, upstreams: [{ ...upstream, endpoints: ['chat'] }] },
      'a: chat is no endpoint',
    ],
    ['no weight', { ...file, models: { '*': [{ upstream: 'a', weight: 0 }] } }, 'weight'],
  ])('is refused for %s, and says so', (_what, content, words) => {
    const parsed = UpstreamsFile.safeParse(content);
    expect(JSON.stringify(parsed.error?.issues)).toContain(words);
  });
});

describe('configuredRoutes', () => {
  const model = { code: 'chat-completions' };

  it('takes a key from a file of its own, or by code from the environment', () => {
    const keyFile = written('sk-from-file\n', 'key');
    const two = {
      ...file,
      upstreams: [
        { ...upstream, keyFile },
        { code: 'b', url: 'https://b.example/v1/' },
      ],
    };
    const settings = {
      ...nothing,
      UPSTREAMS_FILE: written(two),
      UPSTREAM_KEYS: '{"b":"sk-from-environment"}',
    };
    expect(configuredRoutes(settings).routesOf('any', model)).toMatchObject([
      { upstream: { key: 'sk-from-file' } },
    ]);
    const models = { '*': [{ upstream: 'b' }] };
    const other = { ...settings, UPSTREAMS_FILE: written({ ...two, models }) };
    expect(configuredRoutes(other).routesOf('any', model)).toMatchObject([
      { upstream: { key: 'sk-from-environment', url: 'https://b.example/v1' } },
    ]);
  });

  it('is one provider for everything where no file is named', () => {
    const settings = { ...nothing, UPSTREAM_BASE_URL: 'http://127.0.0.1:1/v1', UPSTREAM_API_KEY: 'k' };
    expect(configuredRoutes(settings).routesOf('any', model)).toHaveLength(1);
  });

  it.each([
    [nothing, 'Set UPSTREAMS_FILE'],
    [{ ...nothing, UPSTREAMS_FILE: written(file) }, 'The upstream a has no key'],
    [{ ...nothing, UPSTREAMS_FILE: written('{') }, 'UPSTREAMS_FILE is no JSON'],
    [{ ...nothing, UPSTREAMS_FILE: written({}) }, 'UPSTREAMS_FILE is not usable'],
    [{ ...nothing, UPSTREAMS_FILE: written(file), UPSTREAM_KEYS: '[1]' }, 'UPSTREAM_KEYS must be'],
  ])('says what is missing: %#', (settings, words) => {
    expect(() => configuredRoutes(settings)).toThrow(words);
  });
});

describe('inTurn', () => {
  const routes = [1, 3].map((weight) => ({ weight }) as Route);

  it('puts each first as often as its weight says, and leaves none out', () => {
    const draws = Array.from({ length: 400 }, (_none, at) => inTurn(routes, () => (at % 4) / 4 + 0.1));
    const firsts = draws.filter(([first]) => first?.weight === 3).length;
    expect(firsts).toBe(300);
    expect(draws.every((order) => order.length === 2)).toBe(true);
  });
});

describe('isPublicAddress', () => {
  it.each(['1.1.1.1', '8.8.8.8', '2606:4700::1111'])('takes %s', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    ...[
      '127.0.0.1',
      '10.1.2.3',
      '172.31.0.1',
      '192.168.1.1',
      '169.254.169.254',
      '100.100.100.200',
      '0.0.0.0',
    ],
    ...['::1', '::', 'fd00::1', 'fe80::1', '::ffff:127.0.0.1', '::ffff:169.254.169.254', '64:ff9b::7f00:1'],
    ...['224.0.0.1', '255.255.255.255', 'ff02::1', 'not an address'],
  ])('refuses %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});
