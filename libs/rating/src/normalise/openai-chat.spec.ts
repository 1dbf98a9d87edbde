import { describe, expect, it } from '@jest/globals';
import type { Seen } from './impossible-usage.ts';
import { normaliseOpenAiChat } from './openai-chat.ts';

const tokens = (raw: unknown, seen?: Seen) => {
  const normalised = normaliseOpenAiChat(raw, seen);
  return normalised.accepted ? normalised.events[0].tokens : normalised.refusal;
};
const impossible = (reason: string, field: string) => ({ code: 'impossible-usage', reason, field });

describe('normaliseOpenAiChat', () => {
  it('reads the plain form', () => {
    const raw = { prompt_tokens: 3000, completion_tokens: 800, total_tokens: 3800 };
    expect(normaliseOpenAiChat(raw, { outputText: true })).toEqual({
      accepted: true,
      events: [{ tokens: { input: 3000, output: 800 }, units: {}, source: 'upstream', estimated: false }],
    });
  });

  it('takes cached and written tokens out of the prompt, and leaves reasoning in the output', () => {
    expect(
      tokens({
        prompt_tokens: 100,
        completion_tokens: 50,
        total_tokens: 150,
        prompt_tokens_details: {
          cached_tokens: 64,
          cache_write_tokens: 20,
          audio_tokens: 0,
          text_tokens: 100,
        },
        completion_tokens_details: {
          reasoning_tokens: 40,
          accepted_prediction_tokens: 5,
          rejected_prediction_tokens: 5,
        },
      }),
    ).toEqual({ input: 16, cached_input: 64, cache_write: 20, output: 50 });
  });

  it('takes audio and images apart from text', () => {
    expect(
      tokens({
        prompt_tokens: 100,
        completion_tokens: 50,
        prompt_tokens_details: { audio_tokens: 30, image_tokens: 20, text_tokens: 50 },
        completion_tokens_details: { audio_tokens: 40, image_tokens: 4, text_tokens: 6 },
      }),
    ).toEqual({ input: 50, input_audio: 30, input_image: 20, output: 6, output_audio: 40, output_image: 4 });
  });

  it('reads embeddings, and fields that are null', () => {
    expect(tokens({ prompt_tokens: 8, total_tokens: 8 })).toEqual({ input: 8 });
    expect(
      tokens({
        prompt_tokens: 8,
        completion_tokens: null,
        total_tokens: null,
        prompt_tokens_details: null,
        completion_tokens_details: { reasoning_tokens: null },
      }),
    ).toEqual({ input: 8 });
  });

  it.each([
    ['no body', null, 'no-usage', 'usage'],
    ['no object', 'usage', 'no-usage', 'usage'],
    ['a list', [], 'no-usage', 'usage'],
    ['nothing in it', {}, 'missing-count', 'prompt_tokens'],
    ['no prompt', { prompt_tokens: null, completion_tokens: 1 }, 'missing-count', 'prompt_tokens'],
    ['a text', { prompt_tokens: '8' }, 'not-a-count', 'prompt_tokens'],
    ['less than nothing', { prompt_tokens: 8, completion_tokens: -1 }, 'not-a-count', 'completion_tokens'],
    ['a part of a token', { prompt_tokens: 8.5 }, 'not-a-count', 'prompt_tokens'],
    ['too many', { prompt_tokens: 2 ** 53 }, 'not-a-count', 'prompt_tokens'],
    [
      'a total that differs',
      { prompt_tokens: 8, completion_tokens: 2, total_tokens: 11 },
      'total-differs',
      'total_tokens',
    ],
  ])('refuses %s', (_, raw, reason, field) => {
    expect(tokens(raw)).toEqual(impossible(reason, field));
  });

  it.each([
    ['cached_tokens', 'prompt_tokens_details'],
    ['cache_write_tokens', 'prompt_tokens_details'],
    ['audio_tokens', 'prompt_tokens_details'],
    ['image_tokens', 'prompt_tokens_details'],
    ['text_tokens', 'prompt_tokens_details.text_tokens'],
  ])('refuses more %s than the whole prompt', (name, field) => {
    expect(tokens({ prompt_tokens: 8, prompt_tokens_details: { [name]: 9 } })).toEqual(
      impossible('details-exceed-total', field),
    );
  });

  it.each([
    ['audio_tokens', 'completion_tokens_details'],
    ['image_tokens', 'completion_tokens_details'],
    ['reasoning_tokens', 'completion_tokens_details.reasoning_tokens'],
    ['text_tokens', 'completion_tokens_details.text_tokens'],
    ['accepted_prediction_tokens', 'completion_tokens_details.accepted_prediction_tokens'],
    ['rejected_prediction_tokens', 'completion_tokens_details.rejected_prediction_tokens'],
  ])('refuses more %s than the whole completion', (name, field) => {
    const raw = { prompt_tokens: 8, completion_tokens: 2, completion_tokens_details: { [name]: 3 } };
    expect(tokens(raw)).toEqual(impossible('details-exceed-total', field));
  });

  it('refuses details that are no object', () => {
    expect(tokens({ prompt_tokens: 8, prompt_tokens_details: 5 })).toEqual(
      impossible('not-a-count', 'prompt_tokens_details.cached_tokens'),
    );
  });

  it('refuses text without tokens', () => {
    const silent = { prompt_tokens: 8, completion_tokens: 0, total_tokens: 8 };
    expect(tokens(silent, { outputText: true })).toEqual(
      impossible('text-without-tokens', 'completion_tokens'),
    );
    expect(tokens(silent, { outputText: false })).toEqual({ input: 8 });
  });

  it('names the first thing that is wrong', () => {
    expect(tokens({ prompt_tokens: 'x', completion_tokens: 'y', total_tokens: 3 })).toEqual(
      impossible('not-a-count', 'prompt_tokens'),
    );
  });
});
