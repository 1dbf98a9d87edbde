import { parseArgs } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { keyScopes } from '../access/key-policy.ts';
import { NewKey } from '../access/key-view.ts';
import { keyRequest, options, usage } from './key-command.ts';

const read = (line: string) => {
  const { values, positionals } = parseArgs({ args: line.split(' '), options, allowPositionals: true });
  return keyRequest(positionals, values);
};

describe('the keys command', () => {
  it('says every limit to the gateway in its own words', () => {
    const line =
      'create --name ci --scope models --model gpt-4 --model gpt-5.5 --address 203.0.113.0/24 --rpm 60 --tpm 9000 ' +
      '--concurrent 3 --budget-total 100 --budget-daily 5.5 --expires 2027-01-01T00:00:00Z';
    const { method, path, body } = read(line);
    expect([method, path]).toEqual(['POST', '/v1/keys']);
    expect(NewKey.parse(body)).toEqual({
      name: 'ci',
      expiresAt: '2027-01-01T00:00:00Z',
      policy: {
        scopes: ['models'],
        models: ['gpt-4', 'gpt-5.5'],
        addresses: ['203.0.113.0/24'],
        ...{ requestsPerMinute: 60, tokensPerMinute: 9_000, concurrentCalls: 3 },
        budgets: { total: '100', daily: '5.5', monthly: null },
      },
    });
  });

  it.each([
    ['list --customer cus_1', { method: 'GET', path: '/v1/admin/customers/cus_1/keys' }],
    ['change key_1 --name x', { method: 'PATCH', path: '/v1/keys/key_1', body: { name: 'x' } }],
    ['change key_1 --expires never', { method: 'PATCH', body: { expiresAt: null } }],
    ['revoke key_1 --customer c/../x', { path: '/v1/admin/customers/c%2F..%2Fx/keys/key_1/revoke' }],
    [
      'budget --customer cus_1 --budget-monthly 80',
      { method: 'PATCH', path: '/v1/admin/customers/cus_1', body: { budgets: { monthly: '80' } } },
    ],
    ['budget --customer cus_1', { method: 'PATCH', body: { budgets: {} } }],
  ])('%s', (line, request) => {
    expect(read(line)).toMatchObject(request);
  });

  it.each([
    ['revoke', 'revoke wants one key id'],
    ['list key_1', 'list wants no key id'],
    ['budget --budget-total 5', 'budget wants --customer'],
    ['budget key_1 --customer cus_1', 'budget wants no key id'],
    ['destroy', 'There is no command destroy'],
    ['create --rpm 6O', '--rpm wants a whole number above zero, not "6O"'],
    ['create --tpm 1e400', '--tpm wants'],
    ['change key_1 --concurrent 0', '--concurrent wants'],
  ])('refuses %s and says why', (line, words) => {
    expect(() => read(line)).toThrow(words);
  });

  it('explains every option', () => {
    for (const option of Object.keys(options).filter((name) => name !== 'help'))
      expect(usage).toContain(`--${option}`);
    for (const scope of keyScopes) expect(usage).toContain(scope);
  });
});
