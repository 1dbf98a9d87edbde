import { describe, expect, it } from '@jest/globals';
import { scrub } from './scrub.ts';

describe('scrub', () => {
  it.each([
    ['Incorrect API key provided: sk-proj-aBcD1234efGH.', 'sk-proj-aBcD1234efGH'],
    ['No such organization: org-AbC123456', 'org-AbC123456'],
    ['connect ECONNREFUSED 10.2.3.4:8443', '10.2.3.4'],
    ['getaddrinfo ENOTFOUND upstream-7.prod.example.com', 'upstream-7.prod.example.com'],
    ['see https://platform.openai.com/account/api-keys', 'platform.openai.com'],
    ['Authorization: Bearer abcdef', 'abcdef'],
    ['listening on localhost:4010', 'localhost'],
    ['from fe80:0:0:0:1:2:3:4', 'fe80'],
  ])('takes what must stay inside out of %j', (text, secret) => {
    expect(scrub(text)).not.toContain(secret);
    expect(scrub(text)).toContain('[removed]');
  });

  it('leaves an ordinary sentence as it is', () => {
    const sentence =
      "Invalid value for 'temperature': 3.5 is greater than the maximum of 2. It must be 0 to 2.";
    expect(scrub(sentence)).toBe(sentence);
  });

  it('cuts endless text', () => {
    expect(scrub('a '.repeat(100_000)).length).toBeLessThanOrEqual(500);
  });
});
