import { describe, expect, it } from '@jest/globals';
import { problemOfUrl, WebhookReach } from './webhook-url.ts';

const outside = new WebhookReach(false);

describe('problemOfUrl', () => {
  it.each([
    'https://hooks.example.com/haoli?x=1',
    'https://hooks.example.com:8443/',
    'https://8.8.8.8/',
    'https://[2606:4700::1111]/',
  ])('lets events go to %s', (url) => {
    expect(problemOfUrl(url, outside)).toBeUndefined();
  });

  it.each([
    ['http://hooks.example.com/', /https/],
    ['ftp://hooks.example.com/', /https/],
    ['hooks.example.com', /absolute/],
    ['https://a:b@hooks.example.com/', /password/],
    ['https://hooks.example.com/#x', /fragment/],
    ['https://localhost/', /public/],
    ['https://LOCALHOST./', /public/],
    ['https://postgres/', /public/],
    ['https://127.0.0.1/', /public/],
    ['https://0x7f.1/', /public/],
    ['https://2130706433/', /public/],
    ['https://10.1.2.3/', /public/],
    ['https://169.254.169.254/latest/meta-data', /public/],
    ['https://[::1]/', /public/],
    ['https://[::ffff:10.0.0.1]/', /public/],
    ['https://[fd00:ec2::254]/', /public/],
  ])('does not let them go to %s', (url, reason) => {
    expect(problemOfUrl(url, outside)).toMatch(reason);
  });

  it('lets them go anywhere by HTTP in development', () => {
    expect(problemOfUrl('http://127.0.0.1:9000/', new WebhookReach(true))).toBeUndefined();
    expect(problemOfUrl('file:///etc/passwd', new WebhookReach(true))).toBeDefined();
  });
});
