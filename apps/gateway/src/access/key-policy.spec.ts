import { describe, expect, it } from '@jest/globals';
import { FailedKeys } from './failed-keys.ts';
import { addressCheck, KeyPolicy, mayGrant, unlimited } from './key-policy.ts';

const from = (...addresses: string[]) => addressCheck(KeyPolicy.parse({ addresses }));

describe('the addresses of a key', () => {
  it.each([
    [['203.0.113.7'], '203.0.113.7', true],
    [['203.0.113.7'], '203.0.113.8', false],
    [['203.0.113.0/24'], '203.0.113.255', true],
    [['203.0.113.0/24'], '203.0.114.0', false],
    [['2001:db8::/32'], '2001:db8:ffff::1', true],
    [['2001:db8::/32'], '2001:db9::1', false],
    [['2001:db8::1'], '2001:0db8:0:0:0:0:0:1', true],
    [['0.0.0.0/0'], '8.8.8.8', true],
    [['0.0.0.0/0'], '2001:db8::1', false],
    // A dual-stack socket writes an IPv4 address so.
    [['203.0.113.0/24'], '::ffff:203.0.113.9', true],
    [['203.0.113.0/24'], '::ffff:203.0.114.9', false],
    [['10.0.0.1', '2001:db8::/64'], '10.0.0.1', true],
    [['203.0.113.0/24'], undefined, false],
    [['203.0.113.0/24'], 'unknown', false],
  ])('%j, asked from %s: %s', (addresses, address, allowed) => {
    expect(from(...addresses)(address)).toBe(allowed);
  });

  it('are all where none are named', () => {
    expect(addressCheck(unlimited)(undefined)).toBe(true);
  });

  it.each([
    '203.0.113.0/33',
    '2001:db8::/129',
    '203.0.113',
    'example.com',
    '1.2.3.4/8/9',
    '1.2.3.4/',
    '1.2.3.4/-1',
  ])('are refused where they are none: %s', (address) => {
    expect(KeyPolicy.safeParse({ addresses: [address] }).error?.issues[0]).toMatchObject({
      path: ['addresses', 0],
    });
  });
});

describe('a policy', () => {
  it.each([
    [{ requestsPerMinute: 0 }, 'requestsPerMinute'],
    [{ tokensPerMinute: 1.5 }, 'tokensPerMinute'],
    [{ scopes: [] }, 'scopes'],
    [{ scopes: ['admin'] }, 'scopes'],
    [{ budgets: { daily: '-1' } }, 'budgets'],
    [{ budgets: { total: '1e3' } }, 'budgets'],
    [{ budgets: { weekly: '1' } }, 'budgets'],
    [{ rpm: 5 }, undefined],
  ])('refuses %j and names the field', (policy, field) => {
    expect(KeyPolicy.safeParse(policy).error?.issues[0]?.path[0]).toBe(field);
  });

  it('limits nothing where it says nothing', () => {
    expect(mayManage(unlimited)).toBe(true);
  });

  it.each([{ budgets: { monthly: '5' } }, { concurrentCalls: 5 }, { addresses: ['203.0.113.9'] }])(
    'of %j manages no keys, for they could do more',
    (policy) => {
      expect(mayManage(KeyPolicy.parse(policy))).toBe(false);
    },
  );
});

function mayManage(policy: KeyPolicy): boolean {
  return mayGrant({ policy, expiresAt: null }, { scopes: [], expiresAt: null });
}

describe('keys that fail', () => {
  it('are counted by address, for a minute', () => {
    const failed = new FailedKeys(3);
    for (const at of [0, 1, 2]) {
      expect(failed.isTooMany('a', at)).toBe(false);
      failed.failed('a', at);
    }
    expect(failed.isTooMany('a', 3)).toBe(true);
    expect(failed.isTooMany('b', 3)).toBe(false);
    expect(failed.isTooMany('a', 60_000)).toBe(false);
  });

  it('use no more memory than for so many addresses', () => {
    const failed = new FailedKeys(1);
    for (let at = 0; at < 20_000; at += 1) failed.failed(String(at), 0);
    expect(failed.isTooMany('0', 0)).toBe(false);
    expect(failed.isTooMany('19999', 0)).toBe(true);
  });
});
