import { UsageFamily } from '@app/contracts';
import { usageFamilies } from '@app/rating';
import { describe, expect, it } from '@jest/globals';
import { anEnd, usageEnd } from '../../test/open-metering.ts';
import { usageOfRelayed } from './reported-usage.ts';

const end = usageEnd(3000, 800, '0.0195');
const usageOf = (changes: object) =>
  usageOfRelayed({ ...anEnd('call_1', { priceVersionId: 'prv_1', end }).data, ...changes });

describe('the usage that a relayed call is rated by', () => {
  it('is what the provider’s body comes to here, whatever the gateway made of it', () => {
    const body =
      '{"prompt_tokens":3000,"completion_tokens":800,"prompt_tokens_details":{"cached_tokens":1024}}';
    expect(usageOf({ rawUsage: body, usageFamily: 'openai-chat' })).toEqual({
      usage: {
        tokens: { input: 1976, cached_input: 1024, output: 800 },
        units: {},
        source: 'upstream',
        estimated: false,
      },
    });
  });

  it.each([
    ['text came without tokens', '{"prompt_tokens":5,"completion_tokens":0}', 'text-without-tokens'],
    [
      'more is cached than was sent',
      '{"prompt_tokens":5,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":6}}',
      'details-exceed-total',
    ],
    ['the body is no JSON', '{"prompt_tokens":', 'no-usage'],
  ])('is impossible where %s', (_when, rawUsage, reason) => {
    const seen = { outputText: true };
    const usage = usageOf({ rawUsage, usageFamily: 'openai-chat', seen });
    expect(usage).toEqual({ impossible: expect.stringContaining(reason) });
  });

  it('is the gateway’s count where the provider reported nothing', () => {
    expect(usageOf({ rawUsage: null })).toBe(end);
  });
});

describe('the families of the wire', () => {
  it('are those that can be normalised', () => {
    expect(UsageFamily.options).toEqual(usageFamilies);
  });
});
