import { describe, expect, it } from '@jest/globals';
import { forwardedTo } from './forwarded-path.ts';

describe('forwardedTo', () => {
  it.each([
    ['/api/ledger/v1/trial-balance', 'ledger', '/v1/trial-balance'],
    ['/api/metering/v1/calls?customer=cus_1&limit=5', 'metering', '/v1/calls?customer=cus_1&limit=5'],
    ['/api/payments/docs', 'payments', '/docs'],
    ['/api/payments/docs-json', 'payments', '/docs-json'],
  ])('sends %s to %s', (url, service, path) => {
    expect(forwardedTo(url)).toEqual({ service, path });
  });

  it.each([
    '/api/gateway/v1/x',
    '/api/ledger',
    '/api/ledger/../payments/v1/x',
    '/api/ledger/v1/%2e%2e/x',
    '/api/ledger/v1%2f..%2fx',
    '/api/ledger//evil.example/x',
    '/api/ledger/v1/\\evil',
    '/api/ledger@evil.example/v1/x',
    '/api/ledger/v1/x y',
    '/api/ledger/metrics',
    '/api/ledger/metrics?x=/v1/',
    '/api/ledger/readyz',
    '/api/ledger/livez',
    '/api/payments/webhooks/wechat/pay',
    '/api/ledger/v1x/trial-balance',
    '/api/ledger/%76%31/../metrics',
  ])('knows no way for %s', (url) => {
    expect(forwardedTo(url)).toBeUndefined();
  });
});
