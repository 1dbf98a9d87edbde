import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { closeGrpc } from '@app/transport';
import { Customers } from './customers.ts';
import { runningPlatform, type RunningPlatform } from './running-platform.ts';

const python = process.env['HAOLI_PYTHON'];
const hasSchemathesis =
  python !== undefined && spawnSync(python, ['-m', 'schemathesis.cli', '--version']).status === 0;
/** So long each document is tried: shortly with all tests, longer by `npm run check:openapi`. */
const seconds = Number(process.env['HAOLI_OPENAPI_SECONDS'] ?? '6');
const checks = [
  ...['not_a_server_error', 'status_code_conformance', 'content_type_conformance'],
  ...['response_schema_conformance', 'response_headers_conformance'],
];

let platform: RunningPlatform;
let customers: Customers;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'haoli-openapi-'));
  // What is sent is wrong on purpose, keys included.
  platform = await runningPlatform('openapi', { gateway: { FAILED_KEYS_PER_MINUTE: '1000000' } });
  customers = new Customers(platform);
}, 180_000);
afterAll(async () => {
  closeGrpc(customers.ledger);
  await platform.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** Runs schemathesis against a document, with the same requests every time, and gives its report where it found anything. */
function findings(document: string, token: string, chosen: readonly string[]): Promise<string> {
  const args = [
    ...['-m', 'schemathesis.cli', 'run', document, '--header', `Authorization: Bearer ${token}`],
    ...['--phases', 'examples,coverage,fuzzing', '--checks', checks.join(','), '--seed', '20261122'],
    ...['--max-time', String(seconds), '--request-timeout', '20', '--continue-on-failure'],
    ...['--suppress-health-check', 'all', '--warnings', 'off', '--no-color', ...chosen],
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(python ?? 'python3', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (piece: Buffer) => (said += piece.toString()));
    child.once('error', reject);
    child.once('exit', (status) => {
      resolve(status === 0 ? '' : said);
    });
  });
}

(hasSchemathesis ? describe : describe.skip)('schemathesis (needs Python) finds nothing unexpected', () => {
  const timeout = (seconds + 120) * 1_000;
  const operators = ['customers', 'keys', 'parked-messages'];

  it(
    'at the doors of customers',
    async () => {
      const { key } = await customers.aCustomer({ paid: '50' });
      const chosen = operators.flatMap((tag) => ['--exclude-tag', tag]);
      expect(await findings(`${customers.gatewayUrl}/docs-json`, key, chosen)).toBe('');
    },
    timeout,
  );

  it(
    'at the gateway’s doors of operators',
    async () => {
      const chosen = operators.flatMap((tag) => ['--include-tag', tag]);
      const token = await customers.tokensOf('OPERATOR').bearer();
      expect(await findings(`${customers.gatewayUrl}/docs-json`, token, chosen)).toBe('');
    },
    timeout,
  );

  it.each([
    ['ledger', 'FINANCE'],
    ['metering', 'OPERATOR'],
    ['payments', 'FINANCE'],
  ] as const)(
    'at the doors of %s',
    async (service, client) => {
      const url = platform.environment[`${service.toUpperCase()}_HTTP_URL`] ?? '';
      expect(await findings(`${url}/docs-json`, await customers.tokensOf(client).bearer(), [])).toBe('');
    },
    timeout,
  );
});

describe('a text that no database can hold', () => {
  it('is refused by every door that would store it or look for it', async () => {
    const { key } = await customers.aCustomer({ paid: '0' });
    const operator = await customers.tokensOf('OPERATOR').bearer();
    const asked = await Promise.all([
      ...['/v1/webhooks/%00', '/v1/images/tasks/%00'].map((path) => customers.ask(path, key)),
      customers.ask('/v1/keys/%00/revoke', key, {}),
      customers.ask('/v1/keys', key, { name: 'a\0b' }),
      customers.ask('/v1/webhooks', key, { url: 'http://127.0.0.1/', description: 'a\0b' }),
      customers.ask('/v1/admin/customers/%00', operator),
      customers.ask('/v1/admin/customers', operator, { plan: 'usd-credit', name: 'a\0b' }),
    ]);
    expect(asked.map(({ status }) => status)).toEqual(asked.map(() => 400));
    for (const { body } of asked) expect(JSON.stringify(body)).toContain('U+0000');
  });
});
